"""What a peer tries that is not who it says it is; prints what the broker made of it.

Usage: dip_intruder.py claim ENDPOINT
           takes the names that a broker whose libzmq was not seeded would give to its next peers, and then lets peers in
       dip_intruder.py share ENDPOINT SERVER_PUBLIC OWNER.curve OTHER.curve
           goes on with a session of the owner's key, over a connection of the other's key that has the same name
"""
import json, secrets, struct, sys, zlib
import zmq

HELLO, WELCOME, PING, JSON = 1, 2, 6, 2
context = zmq.Context()

def message(command, session, body=b""):
    start = b"DIP1" + bytes([1, command, JSON if body else 0, 0]) + struct.pack(
        ">QQQQIII", 7, session, 0, 0, 0, len(body), zlib.crc32(body))
    return [start + struct.pack(">I", zlib.crc32(start)), body]

def dealer(endpoint, name=None, server=None, key_file=None):
    socket = context.socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    if name:
        socket.setsockopt(zmq.ROUTING_ID, name)
    if server:
        secret = open(key_file).read().split("\n")[1].encode()
        socket.curve_serverkey, socket.curve_secretkey = server.encode(), secret
        socket.curve_publickey = zmq.curve_public(secret)
    socket.connect(endpoint)
    return socket

def answer(socket, wait=10_000):
    return socket.recv_multipart()[0][5] if socket.poll(wait) else None

mode, endpoint = sys.argv[1:3]
if mode == "claim":
    # What comes first out of rand() when nobody has seeded it, and the ROUTER of the gate has had its share.
    claimed = [dealer(endpoint, b"\0" + struct.pack(">I", 0xE43C9869 + place)) for place in range(64)]
    for socket in claimed:
        socket.send_multipart(message(PING, 1))
    for socket in claimed:
        answer(socket)
    for _ in range(8):
        peer = dealer(endpoint)
        peer.send_multipart(message(PING, 1))
        print("answered" if answer(peer) else "silent")
else:
    server, owner, other = sys.argv[3:]
    session = secrets.randbits(63) | 1
    first = dealer(endpoint, b"shared", server, owner)
    first.send_multipart(message(HELLO, session, json.dumps({"sender": ""}).encode()))
    print(answer(first) == WELCOME)
    first.close()
    found = None
    for _ in range(10):
        # A ROUTER passes over, for ever, a connection whose name an earlier one still has: perhaps the first is not gone yet.
        second = dealer(endpoint, b"shared", server, other)
        second.send_multipart(message(PING, session))
        found = answer(second, 1_000)
        if found is not None:
            break
        second.close()
    print(found)
