"""Starts a service while its database hangs, and then lets the database hang while it runs: it goes on giving signs of life.

Usage: watchdog.py HOSO SERVICE CONFIGURATION PID-OF-POSTGRES. The service is to be heard of at least every 10 of its 20 seconds.
"""
import os, select, signal, socket, subprocess, sys, tempfile, time

hoso, service, configuration, server = sys.argv[1:]
place = tempfile.mkdtemp() + "/notify"
told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
told.bind(place)


def family():
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", server], capture_output=True, text=True).stdout.split()
    return [int(server)] + [int(child) for child in children]


def hang(number):
    for process in family():
        try:
            os.kill(process, number)
        except ProcessLookupError:
            pass


def signs(seconds, first):
    """Waits for a first word, and then sees that nothing is silent for ten seconds."""
    end, last, heard = time.time() + seconds, time.time(), first is None
    while time.time() < end:
        if select.select([told], [], [], 0.1)[0]:
            words = told.recv(4096).decode()
            heard = heard or first in words
            if "WATCHDOG=1" in words:
                last = time.time()
        if time.time() - last > 10:
            sys.exit(f"{service} was silent for ten seconds")
    if not heard:
        sys.exit(f"{service} never said {first}")


environment = dict(os.environ, NOTIFY_SOCKET=place, WATCHDOG_USEC="20000000")
hang(signal.SIGSTOP)
process = subprocess.Popen(
    [hoso, service, "--config", configuration, "--instance", "watched"], env=environment, stdin=subprocess.DEVNULL)
try:
    signs(16, "READY=1")
    hang(signal.SIGCONT)
    signs(6, None)
    hang(signal.SIGSTOP)
    signs(16, None)
finally:
    hang(signal.SIGCONT)
    process.terminate()
sys.exit(process.wait(30))
