#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A temperature controller that nobody makes, with an oven behind it, served by pymodbus: not our code.

usage: pymodbus_oven.py PATH SCALE     serves unit 7 on the serial line PATH until it is ended; prints READY

Function 4: 0x200 process value (float, low word first, degC), 0x202 output (0.1 %), 0x203 status (bit 2 sensor break,
bit 5 run), 0x400 model (32 bits, low word first). Functions 3, 6, 16: 0x300 setpoint (0.1 degC), 0x301 run 1, stop 0.
Everything else is exception 2. It says densim and SCALE at 0x7FF0, as a virtual laboratory must.
"""
import asyncio
import struct
import sys
import time

from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.server.async_io import ModbusSerialServer
from pymodbus.transaction import ModbusRtuFramer

UNIT, MODEL = 7, 0x00545837
VALUE, OUTPUT, STATUS, MODEL_AT, SETPOINT, RUN, IDENTITY = 0x200, 0x202, 0x203, 0x400, 0x300, 0x301, 0x7FF0
HOLDING, INPUT = 3, 4
AMBIENT_C, GAIN_PCT_PER_K, HEAT_K_PER_S, LOSS_PER_S = 23.0, 10.0, 4.0, 0.01


def low_first(packed):
    high, low = struct.unpack(">HH", packed)
    return [low, high]


def make_slave(scale):
    words = [*struct.unpack(">HHH", b"DENSIM"), 1, *struct.unpack(">HH", struct.pack(">f", scale)), 0, 0, 0, 0]
    model = low_first(struct.pack(">I", MODEL))
    inputs = ModbusSparseDataBlock({VALUE: 0, VALUE + 1: 0, OUTPUT: 0, STATUS: 0, MODEL_AT: model[0], MODEL_AT + 1: model[1]})
    holding = ModbusSparseDataBlock({SETPOINT: 200, RUN: 0, **{IDENTITY + i: word for i, word in enumerate(words)}})
    none = {"di": ModbusSparseDataBlock({0xFFFF: 0}), "co": ModbusSparseDataBlock({0xFFFF: 0})}
    return ModbusSlaveContext(ir=inputs, hr=holding, **none, zero_mode=True)


async def heat(slave, scale):
    """The controller (proportional, with what holds the setpoint against the loss) and the oven."""
    value, last = AMBIENT_C, time.monotonic()
    while True:
        now = time.monotonic()
        setpoint, run = slave.getValues(HOLDING, SETPOINT, 2)
        output = 0.0
        for _ in range(10):
            step_s = scale * (now - last) / 10
            hold = 100 * LOSS_PER_S * (setpoint / 10 - AMBIENT_C) / HEAT_K_PER_S
            output = min(100.0, max(0.0, hold + GAIN_PCT_PER_K * (setpoint / 10 - value))) if run else 0.0
            value += step_s * (HEAT_K_PER_S * output / 100 - LOSS_PER_S * (value - AMBIENT_C))
        last = now
        slave.setValues(INPUT, VALUE, [*low_first(struct.pack(">f", value + 0.01 * (now % 1))), round(10 * output), 0x20 if run else 0])
        await asyncio.sleep(0.02)


async def serve(path, scale):
    slave = make_slave(scale)
    context = ModbusServerContext(slaves={UNIT: slave}, single=False)
    server = ModbusSerialServer(context, framer=ModbusRtuFramer, port=path, baudrate=19200, timeout=0.01)
    await server.start()
    print("READY", flush=True)
    await asyncio.gather(server.serve_forever(), heat(slave, scale))


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], float(sys.argv[2])))
