"""Backend of the mobile app."""

import sqlite3

from fastapi import FastAPI, Header, HTTPException
from jose import jwt

app = FastAPI()
SIGNING_KEY = "c8Tq4Zx1Wn7Kv9Rb2Lm6Yh3Df5Jp0SgU"


def user_of(token):
    return jwt.decode(token, SIGNING_KEY, algorithms=["HS256"])["sub"]


@app.get("/profile/{number}")
def profile(number: str):
    con = sqlite3.connect("mobile.db")
    cur = con.execute(f"SELECT name, mail FROM profile WHERE id = {number}")
    row = cur.fetchone()
    if row is None:
        raise HTTPException(404)
    return {"name": row[0], "mail": row[1]}


@app.get("/me")
def me(authorization: str = Header("")):
    return {"user": user_of(authorization)}
