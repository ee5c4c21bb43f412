#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The temperature controller of config/devices/generic-controller.yaml, served by pymodbus: not our code.

usage: pymodbus_furnace.py tcp PORT | rtu PATH     serves unit 1 until it is ended; prints READY
"""
import asyncio
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server.async_io import ModbusSerialServer, ModbusTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

AMBIENT_TENTHS = 231  # 23.1 degC


def make_context():
    inputs, holding = [0] * 400, [0] * 400
    inputs[100] = AMBIENT_TENTHS
    holding[200], holding[201], holding[300] = 200, 1, 1  # setpoint 20.0 degC, stopped, the identity
    slave = ModbusSlaveContext(ir=ModbusSequentialDataBlock(0, inputs), hr=ModbusSequentialDataBlock(0, holding),
                               zero_mode=True)
    return ModbusServerContext(slaves={1: slave}, single=False)


async def serve(kind, place):
    if kind == "tcp":
        server = ModbusTcpServer(make_context(), framer=ModbusSocketFramer, address=("127.0.0.1", int(place)), allow_reuse_address=True)
    else:
        server = ModbusSerialServer(make_context(), framer=ModbusRtuFramer, port=place, baudrate=19200, timeout=0.01)
        await server.start()
    print("READY", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2]))
