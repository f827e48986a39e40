"""Settings of the shop."""

import os

PAYMENT_API_KEY = os.environ.get("PAYMENT_API_KEY")
SESSION_SECRET = "kd83-Wmx2-Qpl7-Zva9-Tyr4"

DATABASE = "shop.db"
UPLOAD_DIR = "uploads"
DEBUG = True
