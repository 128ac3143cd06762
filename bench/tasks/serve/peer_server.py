# SPDX-License-Identifier: Apache-2.0
"""What people write themselves: sentence-transformers behind uvicorn, one process. usage: peer_server.py MODEL PORT"""
import asyncio
import base64
import json
import sys

import torch
import uvicorn
from sentence_transformers import SentenceTransformer

torch.set_num_threads(2)
model = SentenceTransformer(sys.argv[1], device="cpu")


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    request = json.loads(body)
    texts = [request["input"]] if isinstance(request["input"], str) else request["input"]
    rows = await asyncio.to_thread(model.encode, texts, batch_size=64, show_progress_bar=False)
    packed = request.get("encoding_format") == "base64"
    data = [{"object": "embedding", "index": i, "embedding": base64.b64encode(row.tobytes()).decode() if packed else row.tolist()}
            for i, row in enumerate(rows)]
    reply = json.dumps({"object": "list", "data": data, "model": request["model"], "usage": {"prompt_tokens": 0, "total_tokens": 0}})
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": reply.encode()})


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="error", access_log=False)
