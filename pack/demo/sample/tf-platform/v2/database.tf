resource "aws_db_instance" "orders" {
  identifier          = "orders"
  engine              = "postgres"
  instance_class      = "db.t3.medium"
  allocated_storage   = 50
  username            = "orders"
  password            = var.orders_password
  publicly_accessible = true
  storage_encrypted   = true
  skip_final_snapshot = true
}

variable "orders_password" {
  type      = string
  sensitive = true
}
