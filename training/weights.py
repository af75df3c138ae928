# SPDX-License-Identifier: Apache-2.0
"""Weights as safetensors: eight bytes with the length of a JSON header, the header, then the tensors, little-endian."""
import json
import struct

import numpy as np
import torch

FNV_START = 0xCBF29CE484222325
FNV_PRIME = 0x100000001B3


def checksum(data):
    value = FNV_START
    for byte in data:
        value = ((value ^ byte) * FNV_PRIME) & 0xFFFFFFFFFFFFFFFF
    return format(value, "x")


def write_safetensors(path, tensors, metadata):
    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = tensor.detach().to(torch.float32).numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    header["__metadata__"] = {**metadata, "fnv1a64": checksum(data)}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + data)


def read_safetensors(path):
    """The tensors of a file that write_safetensors wrote, by name; ends the program with one line when it is none."""
    try:
        with open(path, "rb") as file:
            content = file.read()
        length = struct.unpack("<Q", content[:8])[0]
        header = json.loads(content[8:8 + length])
        data = content[8 + length:]
        if header.pop("__metadata__", {}).get("fnv1a64") != checksum(data):
            raise SystemExit(f"{path} is damaged: its checksum is not the one that it states")
        tensors = {}
        for name, about in header.items():
            start, end = about["data_offsets"]
            tensors[name] = torch.from_numpy(np.frombuffer(data[start:end], dtype="<f4").reshape(about["shape"]).copy())
        return tensors
    except OSError as e:
        raise SystemExit(f"{path} cannot be read: {e.strerror}")
    except (ValueError, KeyError, TypeError, struct.error):
        raise SystemExit(f"{path} is no safetensors file: export.py makes such files")


def load_weights(model, path):
    """Puts the weights of a file into a model; ends the program with one line when they are those of another one."""
    try:
        model.load_state_dict(read_safetensors(path))
    except RuntimeError:
        raise SystemExit(f"{path} holds the weights of another network than tuned_filter.py describes")
