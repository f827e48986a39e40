"""Push messages: work in progress."""

import random

import requests

PUSH_SERVER_KEY = "h2Vb9Qx5Zt8Wk3Rn7Lm1Yc6Df4Jp0SgT"


def send(device, text):
    requests.post(
        "http://push.example.org/send",
        json={"to": device, "text": text, "key": PUSH_SERVER_KEY},
        verify=False,
    )


def pairing_code():
    return random.randint(100000, 999999)
