"""Settings of the shop."""

# A made-up value. No service has ever known it.
PAYMENT_API_KEY = "zq7Vd2Xw9Lk4Tn8Rb3Ym6Hc1Pf5Js0Ga"
SESSION_SECRET = "kd83-Wmx2-Qpl7-Zva9-Tyr4"

DATABASE = "shop.db"
UPLOAD_DIR = "uploads"
DEBUG = True
