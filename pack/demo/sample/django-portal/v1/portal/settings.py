"""Settings of the patient portal."""

# Made up for this sample.
SECRET_KEY = "7h$kq2-xw9v3nz+b6rt4m8ydl1cf5jsg0"
DEBUG = True
ALLOWED_HOSTS = ["*"]

SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "portal",
        "USER": "portal",
        "PASSWORD": "Vx3-pLq9-Znw6-Rtb2",
        "HOST": "db",
    }
}

MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
]
