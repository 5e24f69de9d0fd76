#!/usr/bin/env python3
"""Asks a real Redis what it answers, and what it sends to its replicas.

    redis-server --port 17990 --save ''
    sim/models/redis/vectors/measure.py 17990 sim/models/redis/vectors/commands/*.txt

Each file has one command a line. The script writes the answers back into it:

    command TAB reply, RESP2 TAB reply, RESP3 TAB effects

A line that starts with `[2] ` is sent by a second connection; `[b] ` sends and does not wait for the reply, which a line
`[r] ` collects later. `(sleep N)` waits N ms. `## title` empties the server. Effects are those of the RESP2 pass.
Everything after the first TAB is overwritten. `#` opens a comment.
"""
import socket, sys, time


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.buffer = b""

    def send(self, words):
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))

    def fill(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self.buffer += data

    def line(self):
        while b"\r\n" not in self.buffer:
            self.fill()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line + b"\r\n"

    def take(self, n):
        while len(self.buffer) < n:
            self.fill()
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def reply(self):
        head = self.line()
        kind, rest = head[:1], head[1:-2]
        if kind in b"$=" and rest != b"-1":
            return head + self.take(int(rest) + 2)
        if kind in b"*~>%" and rest != b"-1":
            return head + b"".join(self.reply() for _ in range(int(rest) * (2 if kind == b"%" else 1)))
        return head

    def pending(self):
        """What has arrived without being asked for."""
        self.socket.settimeout(0.02)
        try:
            while True:
                self.fill()
        except (socket.timeout, EOFError):
            pass
        self.socket.settimeout(None)
        data, self.buffer = self.buffer, b""
        return data

    def ask(self, *words):
        self.send([w.encode() for w in words])
        return self.reply()


def words(command):
    """As Redis splits an inline request."""
    found, at = [], 0
    escapes = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "a": "\a"}
    while at < len(command):
        if command[at] == " ":
            at += 1
            continue
        word, quote = "", command[at] if command[at] in "\"'" else None
        at += 1 if quote else 0
        while at < len(command) and command[at] != (quote or " "):
            if quote == '"' and command[at] == "\\":
                at += 1
                word += escapes.get(command[at], command[at])
            else:
                word += command[at]
            at += 1
        at += 1
        found.append(word.encode())
    return found


def shown(data):
    text = data.decode("latin-1").replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")
    return "".join(c if 32 <= ord(c) < 127 else "\\x%02x" % ord(c) for c in text)


def follow(port):
    replica = Connection(port)
    replica.send([b"PSYNC", b"?", b"-1"])
    assert replica.line().startswith(b"+FULLRESYNC")
    head = replica.line()
    while head == b"\r\n":
        head = replica.line()
    if head.startswith(b"$EOF:"):
        mark = head[5:-2]
        while mark not in replica.buffer:
            replica.fill()
        replica.buffer = replica.buffer.split(mark, 1)[1]
    else:
        replica.take(int(head[1:]))
    replica.send([b"REPLCONF", b"ACK", b"0"])
    time.sleep(0.1)
    replica.pending()
    return replica


def run(port, lines, resp3, replica):
    answers, connections = [], {}

    def fresh():
        for connection in connections.values():
            connection.socket.close()
        for name in "12":
            connections[name] = Connection(port)
        connections["1"].ask("FLUSHALL")
        if resp3:
            connections["1"].ask("HELLO", "3")
            connections["2"].ask("HELLO", "3")
        # The stream begins by naming the database.
        connections["1"].ask("SET", "__select", "x")
        connections["1"].ask("DEL", "__select")
        if replica:
            replica.pending()

    fresh()
    for line in lines:
        command = line.split("\t")[0].rstrip("\n")
        if not command.strip() or command.startswith("#"):
            if command.startswith("##"):
                fresh()
            answers.append((command, None, None))
            continue
        if command.startswith("(sleep"):
            time.sleep(int(command[6:-1]) / 1000)
            answers.append((command, b"", replica.pending() if replica else b""))
            continue
        who, how, rest = "1", "", command
        while rest.startswith("["):
            tag, rest = rest[1 : rest.index("]")], rest[rest.index("]") + 1 :].lstrip()
            who, how = (tag, how) if tag in "12" else (who, tag)
        connection = connections[who]
        if how == "r":
            time.sleep(0.05)
            got = connection.pending()
        else:
            connection.send(words(rest))
            got = b"" if how == "b" else connection.reply()
            if how == "b":
                time.sleep(0.03)
        answers.append((command, got, replica.pending() if replica else b""))
    return answers


def main():
    port = int(sys.argv[1])
    version = next(l for l in Connection(port).ask("INFO", "server").decode().split("\r\n") if l.startswith("redis_version"))
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        while lines and not lines[-1]:
            lines.pop()
        lines = [line for line in lines if not line.startswith("# measured on ")]
        replica = follow(port)
        Connection(port).ask("CONFIG", "SET", "repl-ping-replica-period", "3600", "repl-timeout", "7200")
        two = run(port, lines, False, replica)
        replica.socket.close()
        three = run(port, lines, True, None)
        with open(path, "w", encoding="utf-8") as file:
            file.write("# measured on %s by measure.py: command, RESP2, RESP3, effects\n" % version.replace(":", " "))
            for (command, reply2, effects), (_, reply3, _) in zip(two, three):
                if reply2 is None:
                    file.write(command + "\n")
                else:
                    file.write("\t".join([command, shown(reply2), shown(reply3), shown(effects)]) + "\n")


main()
