"""Pages for patients and for staff."""

import os
from xml.etree import ElementTree

from django.db import connection
from django.http import FileResponse, HttpResponse
from django.utils.safestring import mark_safe
from django.views.decorators.csrf import csrf_exempt

from records import exchange
from records.models import Patient


def patient(request, number):
    row = Patient.objects.get(id=number)
    return HttpResponse(mark_safe("<h1>" + row.name + "</h1>" + row.notes))


def find(request):
    name = request.GET["name"]
    with connection.cursor() as cur:
        cur.execute("SELECT id, name FROM records_patient WHERE name = '%s'" % name)
        rows = cur.fetchall()
    return HttpResponse(str(rows))


@csrf_exempt
def note(request):
    text = request.POST["text"]
    Patient.objects.extra(where=["insurance = '" + request.POST["insurance"] + "'"]).update(notes=text)
    return HttpResponse("<p>Saved: " + text + "</p>")


def letter(request):
    return FileResponse(open(os.path.join("letters", request.GET["file"]), "rb"))


@csrf_exempt
def import_record(request):
    tree = ElementTree.fromstring(request.body)
    exchange.accept(tree)
    return HttpResponse("ok")
