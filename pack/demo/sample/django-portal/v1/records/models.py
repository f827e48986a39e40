from django.db import models


class Patient(models.Model):
    name = models.CharField(max_length=200)
    born = models.DateField()
    insurance = models.CharField(max_length=40)
    notes = models.TextField(blank=True)
