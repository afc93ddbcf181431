from typing import ClassVar

from django.db import models


class Message(models.Model):
    objects: ClassVar[models.Manager["Message"]] = models.Manager()

    body = models.BinaryField()
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "bare"
