"""Passwords and vouchers."""

import hashlib
import random

from shop import db


def digest(password):
    return hashlib.md5(password.encode()).hexdigest()


def check(user, password):
    cur = db.connect().cursor()
    cur.execute("SELECT digest FROM customer WHERE name = ?", (user,))
    row = cur.fetchone()
    return row is not None and row[0] == digest(password)


def voucher():
    return "".join(random.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(8))
