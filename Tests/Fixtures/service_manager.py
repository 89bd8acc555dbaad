"""Starts a broker as a service manager does: with sockets that it keeps, and listening to what the broker tells of itself.

Usage: service_manager.py HOSO FOLDER. Prints what it saw, a word a line, and leaves with 0.
"""
import fcntl, os, select, signal, socket, sys, time
import zmq
from zmq.utils.monitor import recv_monitor_message

hoso, folder = sys.argv[1:]
listeners = []
places = [f"{folder}/intake.sock", f"{folder}/workers.sock"]
for place in places:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(place)
    listener.listen(16)
    listeners.append(listener)
told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
told.bind(f"{folder}/notify")
with open(f"{folder}/hoso.yaml", "w") as file:
    file.write(f"intake: {{ endpoints: 'ipc://{places[0]}', workers: 'ipc://{places[1]}' }}\n")


def start():
    """As systemd does it: the sockets are descriptors from 3 on, for the process that the environment names."""
    kept = [os.dup(listener.fileno()) for listener in listeners]
    process = os.fork()
    if process == 0:
        high = [fcntl.fcntl(number, fcntl.F_DUPFD, 100) for number in kept]
        for number, socket_number in enumerate(high, 3):
            os.dup2(socket_number, number)
        os.closerange(5, 200)
        environment = dict(
            os.environ, LISTEN_FDS="2", LISTEN_PID=str(os.getpid()), NOTIFY_SOCKET=f"{folder}/notify",
            WATCHDOG_USEC="1000000")
        os.execve(hoso, [hoso, "broker", "--config", f"{folder}/hoso.yaml"], environment)
    for number in kept:
        os.close(number)
    return process


def end(process):
    """Waits for a broker that was told to leave."""
    if os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) != 0:
        sys.exit("the broker did not end well")


def heard(word, seconds=15):
    """Waits for a word, and says it."""
    end = time.time() + seconds
    while time.time() < end:
        if select.select([told], [], [], 0.1)[0] and word in told.recv(4096).decode():
            return print(word, flush=True)
    sys.exit(f"nothing was heard of {word}")


broker = start()
heard("READY=1")
heard("WATCHDOG=1")
os.kill(broker, signal.SIGTERM)
heard("STOPPING=1")
end(broker)

# Nobody runs now; who comes waits, and is not refused.
with socket.socket(socket.AF_UNIX) as knocking:
    knocking.connect(places[0])
print("connected while nobody ran", flush=True)
client = zmq.Context().socket(zmq.DEALER)
client.linger = 0
events = client.get_monitor_socket()
client.connect(f"ipc://{places[0]}")
broker = start()
heard("READY=1")
while True:
    if not events.poll(15000):
        sys.exit("the client that came in between was not served")
    if recv_monitor_message(events)["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED:
        break
print("served afterwards", flush=True)

# One that hangs is noticed: no more signs of life.
os.kill(broker, signal.SIGSTOP)
time.sleep(1.5)
while select.select([told], [], [], 0)[0]:
    told.recv(4096)
if select.select([told], [], [], 2)[0]:
    sys.exit("a broker that was stopped gave a sign of life")
print("silent while stopped", flush=True)
os.kill(broker, signal.SIGCONT)
heard("WATCHDOG=1")
os.kill(broker, signal.SIGTERM)
end(broker)
