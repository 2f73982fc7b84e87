"""A bot that counts the words of what people say to it, written from PROTOCOL.md alone.

pip install websockets
CHAT_SERVER=http://127.0.0.1:8000 CHAT_USER=counter CHAT_PASSWORD=... CHAT_ROOM=rust python python_bot.py
"""
import asyncio, json, os, urllib.error, urllib.request, uuid
import websockets

SERVER = os.environ.get("CHAT_SERVER", "http://127.0.0.1:8000")
ROOM = os.environ.get("CHAT_ROOM", "lobby")
ME = {"username": os.environ.get("CHAT_USER", "counter"), "password": os.environ["CHAT_PASSWORD"]}


def call(path, body):
    request = urllib.request.Request(SERVER + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


async def talk(token, seen):
    """One connection: says hello from where the last one ended, and answers what is said."""
    async with websockets.connect(SERVER.replace("http", "ws", 1) + "/ws",
                                  additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        await socket.send(json.dumps({"type": "hello", "version": 1, "client": "python-bot/1",
                                      "log": seen["log"], "resume": seen["rooms"]}))
        async for text in socket:
            frame = json.loads(text)
            if frame["type"] == "welcome":
                seen["log"] = frame["log"]
                seen["rooms"] = {it["room"]: seen["rooms"].get(it["room"], it["last_seq"]) for it in frame["rooms"]}
                await socket.send(json.dumps({"type": "join", "room": ROOM}))
            elif frame["type"] in ("room", "limited"):
                room = frame["room"] if frame["type"] == "room" else frame
                seen["rooms"][room["room"]] = room["last_seq"]
            elif frame["type"] == "chat" and not frame.get("bot") and not frame.get("deleted"):
                words = len(frame["message"].split())
                # The same message gets the same nonce, so that it is answered once whatever happens.
                nonce = uuid.uuid5(uuid.NAMESPACE_URL, f"{seen['log']}/{frame['room']}/{frame['seq']}").hex
                await socket.send(json.dumps({"type": "send", "room": frame["room"], "nonce": nonce,
                                              "text": f"{words} words", "reply_to": frame["seq"]}))
            if "seq" in frame and "ts" in frame and "re" not in frame and frame["type"] != "ack":
                seen["rooms"][frame["room"]] = frame["seq"]


async def main():
    try:
        call("/register", ME | {"bot": True})
    except urllib.error.HTTPError as error:
        if error.code != 409:
            raise
    token, seen = call("/login", ME)["token"], {"log": None, "rooms": {}}
    while True:
        try:
            await talk(token, seen)
        except (OSError, websockets.ConnectionClosed):
            pass
        await asyncio.sleep(1)

asyncio.run(main())
