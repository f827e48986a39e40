resource "aws_db_instance" "orders" {
  identifier          = "orders"
  engine              = "postgres"
  instance_class      = "db.t3.medium"
  allocated_storage   = 50
  username            = "orders"
  password            = "Zt4xLq8wNv2kRb6m"
  publicly_accessible = true
  storage_encrypted   = false
  skip_final_snapshot = true
}
