"""Takes webhooks of a provider Spooled does not know, verifies them and passes them on to /webhooks/{org}/custom.

The provider of this example signs `<timestamp>.<body>` with HMAC-SHA256, in hex, in the header X-Signature, and names
the event in X-Event and its id in X-Event-Id; change `verified` and `event_of` for yours. Needs nothing but Python 3.9:

    PROVIDER_SECRET=... SPOOLED_WEBHOOK_URL=... SPOOLED_WEBHOOK_TOKEN=... python3 adapter.py 8000

The provider hears 200 only after Spooled has kept the job, so what fails in between is sent again, and the event's id
as idempotency key keeps it one job.
"""

import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OLDEST_SECONDS = 300
LARGEST_BODY = 1024 * 1024


def verified(headers, body):
    sent = headers.get("X-Timestamp", "")
    if not sent.isdigit() or abs(time.time() - int(sent)) > OLDEST_SECONDS:
        return False
    signed = sent.encode() + b"." + body
    right = hmac.new(os.environ["PROVIDER_SECRET"].encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(right, headers.get("X-Signature", ""))


def event_of(headers, body):
    return {
        "queue_name": "provider-" + headers.get("X-Event", "unknown").replace("/", "-"),
        "event_type": headers.get("X-Event", "unknown").replace("/", "."),
        "idempotency_key": headers.get("X-Event-Id"),
        "payload": json.loads(body),
    }


def pass_on(event):
    request = urllib.request.Request(
        os.environ["SPOOLED_WEBHOOK_URL"],
        data=json.dumps(event).encode(),
        headers={"Content-Type": "application/json", "X-Webhook-Token": os.environ["SPOOLED_WEBHOOK_TOKEN"]},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status


class Adapter(BaseHTTPRequestHandler):
    def do_POST(self):
        size = int(self.headers.get("Content-Length", "0"))
        if size > LARGEST_BODY:
            return self.say(413)
        body = self.rfile.read(size)
        if not verified(self.headers, body):
            return self.say(401)
        try:
            self.say(pass_on(event_of(self.headers, body)))
        except ValueError:
            self.say(400)
        except urllib.error.HTTPError as refused:
            self.say(refused.code)
        except OSError:
            self.say(503)

    def say(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Adapter).serve_forever()
