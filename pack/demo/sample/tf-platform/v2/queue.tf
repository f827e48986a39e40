resource "aws_sqs_queue" "events" {
  name = "events"
}

resource "aws_sns_topic" "alerts" {
  name = "alerts"
}

resource "aws_lb_listener" "web" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-central-1:000000000000:loadbalancer/app/web/0"
  port              = 80
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:eu-central-1:000000000000:targetgroup/web/0"
  }
}
