# SPDX-License-Identifier: GPL-3.0-or-later
"""densim's own record of a run (`densim --track FILE`), and what may never stand in it, whatever densd says."""
import csv

SUBSTEP_S = 0.05
# What a run may move its setpoints by, and what the wires' turn-around adds to it.
HEATING_K_PER_S, JUMP_K = 20 / 60, 3.0
# Twice the ramp limit of the oil side: the friction play is crossed at the pump's speed, not the programme's.
RAMP_HEADROOM, JUMP_BAR = 2.0, 4.0
BAR_PER_GPA = 2000 / 7
PRESSURE_GPA_PER_S = 0.3 / 60
RELEASE_K = 308.0


class Truth:
    """Rows of the record: a dict of floats each."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        # densim may still be writing its last line.
        lines = text[:text.rfind("\n") + 1].splitlines()
        self.rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(lines)]

    def last(self):
        return self.rows[-1]

    def soak_s(self, kelvin, gigapascal, band_k=3.0, band_gpa=0.1):
        """Laboratory seconds that the cell really was at both."""
        total = 0.0
        for before, row in zip(self.rows, self.rows[1:]):
            if abs(row["T_K"] - kelvin) <= band_k and abs(row["P_GPa"] - gigapascal) <= band_gpa:
                total += row["lab_s"] - before["lab_s"]
        return total

    def changes(self, key):
        """(row before, row with the change, lab seconds since the change before the last one)."""
        before, stamps = self.rows[0], [self.rows[0]["lab_s"]] * 2
        for row in self.rows[1:]:
            if row[key] != before[key]:
                yield before, row, row["lab_s"] - stamps[0] + SUBSTEP_S
                stamps = [stamps[1], row["lab_s"]]
            before = row

    def setpoint_jumps(self):
        """Steps of a setpoint that no ramp explains. A temperature setpoint may fall, and start from what is measured."""
        found = []
        for before, row, elapsed_s in self.changes("setpoint_K"):
            rise = row["setpoint_K"] - before["setpoint_K"]
            above = row["setpoint_K"] - max(row["T_measured_K"], before["T_measured_K"])
            if rise > HEATING_K_PER_S * elapsed_s + JUMP_K and above > JUMP_K:
                found.append(f"at {row['lab_s']:.1f} s the temperature setpoint jumped by {rise:.1f} K "
                             f"to {row['setpoint_K']:.1f} K with the cell at {row['T_K']:.1f} K")
        for before, row, elapsed_s in self.changes("setpoint_bar"):
            step = abs(row["setpoint_bar"] - before["setpoint_bar"])
            away = abs(row["setpoint_bar"] - row["oil_bar"])
            most = RAMP_HEADROOM * PRESSURE_GPA_PER_S * BAR_PER_GPA * elapsed_s + JUMP_BAR
            if step > most and away > JUMP_BAR:
                found.append(f"at {row['lab_s']:.1f} s the oil setpoint jumped by {step:.1f} bar to "
                             f"{row['setpoint_bar']:.1f} bar with {row['oil_bar']:.1f} bar there")
        return found

    def hot_releases(self, least_k=RELEASE_K + 2):
        """Commands that lower the pressure of a hot cell. Going back to the pressure that is there moves nothing."""
        found = []
        for before, row, _ in self.changes("setpoint_bar"):
            lowest = min(before["setpoint_bar"], row["oil_bar"]) - 1.5
            if row["T_K"] > least_k and not row["locked"] and row["setpoint_bar"] < lowest:
                found.append(f"at {row['lab_s']:.1f} s, {row['T_K']:.1f} K, the oil setpoint went from "
                             f"{before['setpoint_bar']:.1f} to {row['setpoint_bar']:.1f} bar")
        return found

    def loose_heat(self, least_gpa):
        """Power to the heater of an unpressed cell."""
        return [f"at {row['lab_s']:.1f} s {row['output_pct']:.0f} % with {row['P_GPa']:.3f} GPa"
                for row in self.rows if row["contactor"] and row["output_pct"] > 1 and row["P_GPa"] < least_gpa
                and row["setpoint_K"] > RELEASE_K]
