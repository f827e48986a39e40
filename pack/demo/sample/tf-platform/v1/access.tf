resource "aws_iam_policy" "operator" {
  name = "operator"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "*"
      Resource = "*"
    }]
  })
}

resource "aws_kms_key" "data" {
  description         = "data"
  enable_key_rotation = false
}
