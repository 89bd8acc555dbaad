"""Does to a broker what nobody should, over TCP; prints as one line of JSON what it has done.

Usage: dip_attacker.py MODE HOST:PORT SERVER_PUBLIC SECONDS SEED KEYS

KEYS is a file with a secret CURVE key (Z85) per line, all of them enrolled. ZMTP 3.0 and CURVE (RFC 23 and 26) are spoken by
hand, for libzmq would not send what is sent here; only `crowd` leaves them to it.

    silent    2,000 connections that say nothing, each opened again once it is cut
    endless   multipart messages without an end, in frames of three sizes
    oversize  frames that are, or say that they are, larger than any may be
    crowd     1,000 senders that greet, go away and come back, all at once
    flood     greetings, batches and beats by one key, as fast as they go, from two who read the answers and one who does not
    mutate    handshakes and messages that are right but for a few bytes
    vanish    more messages than are read, by two connections of one name, of which the second is gone at once
"""
import ctypes, hashlib, json, random, secrets, select, socket, struct, sys, threading, time, zlib

HELLO, WELCOME, BATCH, PING, BYE, ERROR, JSON = 1, 2, 3, 6, 9, 10, 2
mode, address, server, seconds, seed, keys = sys.argv[1:]
host, port = address.split(":")
end = time.monotonic() + float(seconds)
keys = open(keys).read().split()
done, lock = {}, threading.Lock()


def count(what, number=1):
    with lock:
        done[what] = done.get(what, 0) + number


def z85(text):
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    values = [sum(alphabet.index(c) * 85 ** (4 - i) for i, c in enumerate(text[n:n + 5])) for n in range(0, 40, 5)]
    return b"".join(struct.pack(">I", value) for value in values)


# What libzmq itself is linked with.
sodium = ctypes.CDLL("libsodium.so.23")
sodium.sodium_init()


def public(secret):
    key = ctypes.create_string_buffer(32)
    sodium.crypto_scalarmult_base(key, secret)
    return key.raw


def shared(public, secret):
    key = ctypes.create_string_buffer(32)
    sodium.crypto_box_beforenm(key, public, secret)
    return key.raw


def box(text, nonce, key):
    sealed = ctypes.create_string_buffer(len(text) + 16)
    sodium.crypto_box_easy_afternm(sealed, text, ctypes.c_ulonglong(len(text)), nonce, key)
    return sealed.raw


def unbox(sealed, nonce, key):
    text = ctypes.create_string_buffer(len(sealed) - 16)
    if sodium.crypto_box_open_easy_afternm(text, sealed, ctypes.c_ulonglong(len(sealed)), nonce, key):
        raise ConnectionError("not for us")
    return text.raw


def message(command, session, body=b"", first=0, head=0, entries=0):
    start = b"DIP1" + bytes([1, command, JSON if body else 0, 0]) + struct.pack(
        ">QQQQIII", 7, session, first, head, entries, len(body), zlib.crc32(body))
    return [start + struct.pack(">I", zlib.crc32(start)), body]


def batch(session, first, size=0):
    entry = json.dumps({"intake": {
        "dossier_code": f"H36.26-220301-{first % 1_000_000:06}", "received_at": "2022-03-01T09:00:00+07:00",
        "unit": "H36.26", "procedure": "1.004194", "channel": "online", "applicant_name": "x" * size}}).encode()
    digest = hashlib.sha256(bytes(32) + struct.pack(">QQ", 7, first) + entry).digest()
    return message(BATCH, session, bytes(32) + digest + struct.pack(">I", len(entry)) + entry, first, first, 1)


def frame(body, flags=0):
    if len(body) > 255:
        return bytes([flags | 2]) + struct.pack(">Q", len(body)) + body
    return bytes([flags, len(body)]) + body


class Peer:
    """A connection after the handshake; `change` may change what goes out, by the name of its stage."""

    def __init__(self, secret, change=lambda stage, sent: sent, name=b""):
        self.change, self.nonce, self.rest, self.name = change, 2, b"", name
        self.socket = socket.create_connection((host, int(port)), 5)
        # What was changed may have the broker wait for more, until its patience with handshakes ends.
        self.socket.settimeout(0.5 if mode == "mutate" else 5)
        try:
            self.greet(z85(secret), z85(server))
        except BaseException:
            self.socket.close()
            raise

    def write(self, stage, sent):
        self.socket.sendall(self.change(stage, sent))

    def read(self, length):
        while len(self.rest) < length:
            piece = self.socket.recv(65_536)
            if not piece:
                raise ConnectionError("cut")
            self.rest += piece
        piece, self.rest = self.rest[:length], self.rest[length:]
        return piece

    def next(self):
        flags = self.read(1)[0]
        return self.read(struct.unpack(">Q", self.read(8))[0] if flags & 2 else self.read(1)[0])

    def greet(self, secret, server):
        self.write("greeting", b"\xff" + bytes(8) + b"\x7f\3\0" + b"CURVE".ljust(20, b"\0") + bytes(32))
        self.read(64)
        passing = secrets.token_bytes(32)
        first = (1).to_bytes(8, "big")
        hello = b"\5HELLO\1\0" + bytes(72) + public(passing) + first
        hello += box(bytes(64), b"CurveZMQHELLO---" + first, shared(server, passing))
        self.write("hello", frame(hello, 4))
        welcome = self.next()
        if not welcome.startswith(b"\7WELCOME"):
            raise ConnectionError("refused")
        welcome = unbox(welcome[24:], b"WELCOME-" + welcome[8:24], shared(server, passing))
        theirs, cookie = welcome[:32], welcome[32:]
        self.key = shared(theirs, passing)
        nonce, second = secrets.token_bytes(16), (2).to_bytes(8, "big")
        vouch = box(public(passing) + server, b"VOUCH---" + nonce, shared(theirs, secret))
        metadata = b"\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER" + b"\x08Identity" + struct.pack(">I", len(self.name)) + self.name
        initiate = box(public(secret) + nonce + vouch + metadata, b"CurveZMQINITIATE" + second, self.key)
        self.write("initiate", frame(b"\x08INITIATE" + cookie + second + initiate, 4))
        if not self.next().startswith(b"\5READY"):
            raise ConnectionError("refused")

    def sealed(self, body, more):
        self.nonce += 1
        nonce = self.nonce.to_bytes(8, "big")
        return frame(b"\7MESSAGE" + nonce + box(bytes([more]) + body, b"CurveZMQMESSAGEC" + nonce, self.key))

    def send(self, frames):
        last = len(frames) - 1
        self.write("frames", b"".join(self.sealed(body, int(place < last)) for place, body in enumerate(frames)))

    def answer(self):
        """The header of the next message."""
        while True:
            sealed = self.next()
            if sealed.startswith(b"\7MESSAGE"):
                text = unbox(sealed[16:], b"CurveZMQMESSAGES" + sealed[8:16], self.key)
                if text[1:5] == b"DIP1":
                    return text[1:]

    def close(self):
        self.socket.close()


def again(work):
    """Does something with one connection after another, until the time is up."""
    while time.monotonic() < end:
        try:
            work()
        except OSError:
            count("cut")
            time.sleep(0.02)


def together(*works):
    threads = [threading.Thread(target=again, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0, end - time.monotonic()) + 6)


def silent():
    poll, all = select.epoll(), {}

    def connect():
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex((host, int(port)))
        # Only its end: the greeting of the broker is of no interest.
        poll.register(one.fileno(), select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR)
        all[one.fileno()] = one
        count("connections")

    while time.monotonic() < end:
        for _ in range(min(200, 2_000 - len(all))):
            connect()
        for number, _ in poll.poll(0.05):
            poll.unregister(number)
            all.pop(number).close()
            count("cut")
        done["most"] = max(done.get("most", 0), len(all))


def endless(size):
    def work():
        peer = Peer(keys[0])
        count("connections")
        body = bytes(size)
        try:
            while time.monotonic() < end:
                peer.socket.sendall(b"".join(peer.sealed(body, 1) for _ in range(max(1, 65_536 // (size + 50)))))
                count("frames", max(1, 65_536 // (size + 50)))
        finally:
            peer.close()
    return work


def oversize():
    number = random.randrange(5)
    if number == 0:
        with socket.create_connection((host, int(port)), 5) as one:
            one.sendall(b"\xff" + bytes(8) + b"\x7f\3\0" + b"CURVE".ljust(20, b"\0") + bytes(32))
            one.sendall(b"\6" + struct.pack(">Q", 2 ** 63 - 1) + bytes(65_536))
            one.settimeout(5)
            while one.recv(4_096):
                pass
        return count("cut before the handshake")
    peer = Peer(random.choice(keys[:20]))
    count("connections")
    try:
        if number == 1:
            peer.socket.sendall(b"\2" + struct.pack(">Q", 2 ** 62) + bytes(65_536))
        elif number == 2:
            peer.socket.sendall(b"\2" + struct.pack(">Q", 2 ** 64 - 1))
        elif number == 3:
            peer.send([bytes(56), bytes(2 ** 20)])
        else:
            peer.send([bytes(56), bytes(262_000)])
            peer.answer()
            return count("refused")
        peer.socket.settimeout(5)
        while peer.socket.recv(4_096):
            pass
        count("cut afterwards")
    finally:
        peer.close()


def crowd():
    import zmq
    context = zmq.Context()
    context.set(zmq.MAX_SOCKETS, 4_096)
    rounds = []

    def dealer(secret):
        one = context.socket(zmq.DEALER)
        one.linger = 0
        one.curve_serverkey, one.curve_secretkey = server.encode(), secret.encode()
        one.curve_publickey = zmq.curve_public(secret.encode())
        one.connect(f"tcp://{host}:{port}")
        one.send_multipart(message(HELLO, secrets.randbits(63) | 1, b'{"software":"crowd"}'))
        return one

    while time.monotonic() < end:
        start, answers, poller = time.monotonic(), {}, zmq.Poller()
        all = [dealer(secret) for secret in keys[:1_000]]
        for one in all:
            poller.register(one, zmq.POLLIN)
        while len(answers) < len(all) and time.monotonic() < start + 20:
            for one, _ in poller.poll(1_000):
                answers[one] = one.recv_multipart()[0][5]
                poller.unregister(one)
        heard = list(answers.values())
        rounds.append([heard.count(WELCOME), heard.count(ERROR), round(time.monotonic() - start, 2)])
        for one in all:
            one.close()
    done["rounds"] = rounds


def flood(reads):
    def work():
        peer = Peer(keys[0])
        count("connections")
        session, first = secrets.randbits(63) | 1, 0
        hello = message(HELLO, session, b"{}")

        def drain():
            try:
                while True:
                    count(f"answer {peer.answer()[5]}")
            except OSError:
                pass

        if reads:
            threading.Thread(target=drain, daemon=True).start()
        try:
            peer.send(hello)
            while time.monotonic() < end:
                for _ in range(50):
                    first += 1
                    peer.send(batch(session, first, 60_000 if first % 20 == 0 else 0))
                    peer.send(message(PING, session, b"", first, first + 5))
                    count("messages", 2)
                peer.send(hello)
        finally:
            peer.close()
    return work


def vanish():
    name = secrets.token_bytes(8)
    first = Peer(keys[0], name=name)
    try:
        # So that it is the first one, whose name the second one takes.
        first.send(message(PING, 1))
        first.answer()
        second = Peer(keys[1], name=name)
        count("connections")
        ping = frame(b"\4PING" + struct.pack(">H", 100), 4)
        second.socket.sendall(b"".join(second.sealed(bytes(56), int(place % 2)) for place in range(2_000)))
        second.socket.sendall(ping)
        time.sleep(0.3)
        # Cut off, not ended: what has not been read is lost.
        second.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        second.close()
        # Until the next heartbeat of the broker.
        time.sleep(2.5)
    finally:
        first.close()


def mutated(numbers, sent):
    sent = bytearray(sent)
    for _ in range(numbers.randint(1, 4)):
        place = numbers.randrange(len(sent)) if sent else 0
        kind = numbers.randrange(6)
        if kind == 0 and sent:
            sent[place] ^= 1 << numbers.randrange(8)
        elif kind == 1 and sent:
            sent[place] = numbers.choice([0, 1, 127, 128, 255])
        elif kind == 2:
            del sent[place:place + numbers.randint(1, 8)]
        elif kind == 3:
            sent[place:place] = numbers.randbytes(numbers.randint(1, 16))
        elif kind == 4:
            sent[place:place] = sent[place:place + numbers.randint(1, 64)]
        else:
            del sent[place:]
    return bytes(sent)


def mutate(number):
    numbers = random.Random(int(seed) * 1_000 + number)

    def work():
        stage = numbers.choice(["greeting", "hello", "initiate", "frames", "message", "message", "message"])
        count(stage)
        peer = Peer(
            numbers.choice(keys[:20]), lambda now, sent: mutated(numbers, sent) if now == stage else sent)
        try:
            session = numbers.getrandbits(63) | 1
            for _ in range(numbers.randint(1, 12)):
                frames = numbers.choice([
                    lambda: message(HELLO, session, b'{"sender":""}'), lambda: batch(session, numbers.randrange(1, 9)),
                    lambda: message(PING, session, b"", 1, numbers.getrandbits(40)), lambda: message(BYE, session),
                    lambda: message(numbers.randrange(1, 16), session, b'{"code":"busy"}'),
                ])()
                if stage == "message":
                    place = numbers.randrange(2)
                    frames[place] = mutated(numbers, frames[place])
                    if numbers.randrange(2) and len(frames[0]) >= 52:
                        # With sums that fit, what lies behind them is reached.
                        start = frames[0][:44] + struct.pack(">II", len(frames[1]), zlib.crc32(frames[1]))
                        frames[0] = start + struct.pack(">I", zlib.crc32(start))
                    frames += [b"more"] * numbers.choice([0, 0, 0, 1, 9])
                peer.send(frames)
            peer.socket.settimeout(0.3)
            peer.answer()
            count("answered")
        finally:
            peer.close()
    return work


random.seed(int(seed))
if mode == "silent":
    silent()
elif mode == "endless":
    together(endless(1), endless(200), endless(60_000))
elif mode == "oversize":
    together(*[oversize] * 8)
elif mode == "crowd":
    crowd()
elif mode == "flood":
    together(flood(True), flood(True), flood(False))
elif mode == "vanish":
    together(*[vanish] * 4)
elif mode == "mutate":
    together(*[mutate(number) for number in range(16)])
print(json.dumps(done))
