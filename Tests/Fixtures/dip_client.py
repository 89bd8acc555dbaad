"""A sender of DIP/1 in thirty lines: sends two dossiers, one of them invalid, and prints what became of each.

Usage: dip_client.py ENDPOINT     (see Schemas/wire/DIP-1.md; needs pyzmq)
"""
import hashlib, json, secrets, struct, sys, zlib
import zmq

HELLO, WELCOME, BATCH, RECEIPT, BYE, JSON = 1, 2, 3, 4, 9, 2
epoch, session = secrets.randbits(63), secrets.randbits(63)

def message(command, body=b"", first=0, head=0, count=0):
    start = b"DIP1" + bytes([1, command, JSON if body else 0, 0]) + struct.pack(
        ">QQQQIII", epoch, session, first, head, count, len(body), zlib.crc32(body))
    return [start + struct.pack(">I", zlib.crc32(start)), body]

def entry(number, channel):
    return json.dumps({"intake": {
        "dossier_code": f"H36.26-220301-{number:06}", "received_at": "2022-03-01T09:00:00+07:00", "unit": "H36.26",
        "procedure": "1.004194", "channel": channel, "applicant_phone": "0912345678"}}).encode()

socket = zmq.Context().socket(zmq.DEALER)
socket.setsockopt(zmq.LINGER, 1000)
socket.connect(sys.argv[1])
socket.send_multipart(message(HELLO, json.dumps({"sender": "python-portal"}).encode()))

def answer(command):
    while socket.poll(20_000):
        header, body = socket.recv_multipart()
        if header[5] == command:
            return json.loads(body)
    sys.exit("no answer from the centre")

print("credit", answer(WELCOME)["credit_entries"])
body = digest = bytes(32)
for number, content in enumerate([entry(1, "online"), entry(2, "pigeon")], start=1):
    digest = hashlib.sha256(digest + struct.pack(">QQ", epoch, number) + content).digest()
    body += digest + struct.pack(">I", len(content)) + content
socket.send_multipart(message(BATCH, body, first=1, head=2, count=2))
for verdict in answer(RECEIPT)["verdicts"]:
    reasons = [(reason["code"], reason["field"], reason["vietnamese"]) for reason in verdict.get("reasons", [])]
    print(verdict["first"], verdict["last"], verdict["outcome"], *reasons)
socket.send_multipart(message(BYE))
