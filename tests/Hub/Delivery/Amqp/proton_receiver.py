"""Listens as an AMQP 1.0 peer made with Apache Qpid Proton, accepts messages until it is killed, and prints each as a line of JSON.

Usage: proton_receiver.py PORT
"""
import json
import sys

from proton import symbol
from proton.handlers import MessagingHandler
from proton.reactor import Container


def plain(value):
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).decode("utf-8")
    if isinstance(value, symbol):
        return "symbol " + str(value)
    return value


class Receiver(MessagingHandler):
    def __init__(self, port):
        super().__init__(prefetch=10)
        self.port = port

    def on_start(self, event):
        event.container.listen(f"127.0.0.1:{self.port}")
        print("listening", flush=True)

    def on_link_opening(self, event):
        event.link.source.copy(event.link.remote_source)
        event.link.target.copy(event.link.remote_target)

    def on_message(self, event):
        message = event.message
        print(json.dumps({
            "target": event.receiver.remote_target.address,
            "id": message.id,
            "group": message.group_id,
            "subject": message.subject,
            "durable": message.durable,
            "contentType": str(message.content_type),
            "properties": {str(k): plain(v) for k, v in (message.properties or {}).items()},
            "body": plain(message.body),
            "inferred": message.inferred,
        }), flush=True)


Container(Receiver(int(sys.argv[1]))).run()
