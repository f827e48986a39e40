"""The shop's pages."""

import os

from flask import Flask, abort, redirect, render_template_string, request, send_file

from shop import config, db, invoices, security

app = Flask(__name__)
app.secret_key = config.SESSION_SECRET


@app.route("/search")
def search():
    term = request.args.get("q", "")
    rows = db.find_products(term)
    page = "<h1>Results for " + term + "</h1>"
    for row in rows:
        page += "<p>%s: %s</p>" % (row[1], row[2])
    return render_template_string(page)


@app.route("/order/<order_id>")
def order(order_id):
    row = db.find_order(order_id)
    if row is None:
        abort(404)
    return {"order": list(row)}


@app.route("/picture")
def picture():
    name = request.args["name"]
    return send_file(os.path.join(config.UPLOAD_DIR, name))


@app.route("/go")
def go():
    return redirect(request.args["to"])


@app.route("/invoice/<number>")
def invoice(number):
    return invoices.render(number)


@app.route("/login", methods=["POST"])
def login():
    if security.check(request.form["user"], request.form["password"]):
        return redirect("/")
    abort(403)


if __name__ == "__main__":
    app.run(host="0.0.0.0", debug=True)
