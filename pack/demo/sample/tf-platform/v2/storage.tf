resource "aws_s3_bucket" "documents" {
  bucket = "example-documents"
}

resource "aws_s3_bucket_acl" "documents" {
  bucket = aws_s3_bucket.documents.id
  acl    = "private"
}

resource "aws_ebs_volume" "scratch" {
  availability_zone = "eu-central-1a"
  size              = 40
  encrypted         = true
}
