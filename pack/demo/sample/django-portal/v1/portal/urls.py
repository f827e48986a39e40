from django.urls import path

from records import views

urlpatterns = [
    path("patient/<int:number>/", views.patient),
    path("find/", views.find),
    path("note/", views.note),
    path("letter/", views.letter),
    path("import/", views.import_record),
]
