// A host with meters: its P-states, a power meter that follows them, and a RAPL package that integrates the meter.
// The P-state registers are ports of an ISA network card that can be read back (0x548 + CPU); the emulator's trace of writes to
// them is the witness. A display's memory stands for the registers of RAPL, which a thermal zone feeds ten times a second.
DefinitionBlock ("", "SSDT", 2, "VMPOWR", "METERED", 1) {
  External (\_SB.CPUS.C000, DeviceObj)
  Scope (\_SB.CPUS.C000) {
    Name (_PPC, 0)
    Name (_PCT, Package () { ResourceTemplate () { Register (SystemIO, 8, 0, 0x548) }, ResourceTemplate () { Register (SystemIO, 8, 0, 0x548) } })
    Name (_PSD, Package () { Package () { 5, 0, 0, 0xFC, 1 } })
    Name (_PSS, Package () {
      Package () { 2301, 20000, 10, 10, 0x00, 0x00 },
      Package () { 2300, 18000, 10, 10, 0x01, 0x01 },
      Package () { 2000, 14000, 10, 10, 0x02, 0x02 },
      Package () { 1700, 10500, 10, 10, 0x03, 0x03 },
      Package () { 1400, 7500, 10, 10, 0x04, 0x04 },
      Package () { 1200, 6000, 10, 10, 0x05, 0x05 },
    })
  }
  External (\_SB.CPUS.C001, DeviceObj)
  Scope (\_SB.CPUS.C001) {
    Name (_PPC, 0)
    Name (_PCT, Package () { ResourceTemplate () { Register (SystemIO, 8, 0, 0x549) }, ResourceTemplate () { Register (SystemIO, 8, 0, 0x549) } })
    Name (_PSD, Package () { Package () { 5, 0, 1, 0xFC, 1 } })
    Name (_PSS, Package () {
      Package () { 2301, 20000, 10, 10, 0x10, 0x10 },
      Package () { 2300, 18000, 10, 10, 0x11, 0x11 },
      Package () { 2000, 14000, 10, 10, 0x12, 0x12 },
      Package () { 1700, 10500, 10, 10, 0x13, 0x13 },
      Package () { 1400, 7500, 10, 10, 0x14, 0x14 },
      Package () { 1200, 6000, 10, 10, 0x15, 0x15 },
    })
  }
  External (\_SB.CPUS.C002, DeviceObj)
  Scope (\_SB.CPUS.C002) {
    Name (_PPC, 0)
    Name (_PCT, Package () { ResourceTemplate () { Register (SystemIO, 8, 0, 0x54A) }, ResourceTemplate () { Register (SystemIO, 8, 0, 0x54A) } })
    Name (_PSD, Package () { Package () { 5, 0, 2, 0xFC, 1 } })
    Name (_PSS, Package () {
      Package () { 2301, 20000, 10, 10, 0x20, 0x20 },
      Package () { 2300, 18000, 10, 10, 0x21, 0x21 },
      Package () { 2000, 14000, 10, 10, 0x22, 0x22 },
      Package () { 1700, 10500, 10, 10, 0x23, 0x23 },
      Package () { 1400, 7500, 10, 10, 0x24, 0x24 },
      Package () { 1200, 6000, 10, 10, 0x25, 0x25 },
    })
  }
  External (\_SB.CPUS.C003, DeviceObj)
  Scope (\_SB.CPUS.C003) {
    Name (_PPC, 0)
    Name (_PCT, Package () { ResourceTemplate () { Register (SystemIO, 8, 0, 0x54B) }, ResourceTemplate () { Register (SystemIO, 8, 0, 0x54B) } })
    Name (_PSD, Package () { Package () { 5, 0, 3, 0xFC, 1 } })
    Name (_PSS, Package () {
      Package () { 2301, 20000, 10, 10, 0x30, 0x30 },
      Package () { 2300, 18000, 10, 10, 0x31, 0x31 },
      Package () { 2000, 14000, 10, 10, 0x32, 0x32 },
      Package () { 1700, 10500, 10, 10, 0x33, 0x33 },
      Package () { 1400, 7500, 10, 10, 0x34, 0x34 },
      Package () { 1200, 6000, 10, 10, 0x35, 0x35 },
    })
  }
  Scope (\_SB) {
    Device (PMTR) {
      Name (_HID, "ACPI000D")
      Name (_UID, 0)
      OperationRegion (CTL, SystemIO, 0x540, 1)
      Field (CTL, ByteAcc, NoLock, Preserve) { CMD, 8 }
      Method (_INI) { CMD = 0x61 }
      OperationRegion (RG00, SystemIO, 0x548, 1)
      Field (RG00, ByteAcc, NoLock, Preserve) { PS00, 8 }
      OperationRegion (RG01, SystemIO, 0x549, 1)
      Field (RG01, ByteAcc, NoLock, Preserve) { PS01, 8 }
      OperationRegion (RG02, SystemIO, 0x54A, 1)
      Field (RG02, ByteAcc, NoLock, Preserve) { PS02, 8 }
      OperationRegion (RG03, SystemIO, 0x54B, 1)
      Field (RG03, ByteAcc, NoLock, Preserve) { PS03, 8 }
      Name (MW, Package () { 20000,18000,14000,10500,7500,6000 })
      Name (AVGI, 1000)
      // Measures, mW, input, accuracy in 1/1000 %, sampling in ms, shortest and longest interval in ms, no cap, model, serial number, OEM.
      Name (_PMC, Package () { 1, 0, 0, 100000, 10, 1, 10000, 0, 0, 0, 0, "lab", "1", "VMPOWR" })
      Method (DRAW, 1) { Local0 = Arg0 & 0x0F  If (Local0 >= SizeOf (MW)) { Return (0) }  Return (DerefOf (MW [Local0])) }
      Method (_PMM, 0, Serialized) {
        Local0 = 5000
        Local0 += DRAW (PS00)
        Local0 += DRAW (PS01)
        Local0 += DRAW (PS02)
        Local0 += DRAW (PS03)
        Return (Local0)
      }
      Name (_PMD, Package () { \_SB.CPUS.C000, \_SB.CPUS.C001, \_SB.CPUS.C002, \_SB.CPUS.C003 })
      Method (_GAI) { Return (AVGI) }
      Method (_PAI, 1, Serialized) { AVGI = Arg0  Return (0) }
    }
  }
  External (\_SB.PCI0.S80, DeviceObj)
  Scope (\_SB.PCI0.S80) {
    Name (PPCC, Package () { 2, Package () { 0, 5000, 65000, 28000, 32000, 250 }, Package () { 1, 5000, 65000, 28000, 32000, 250 } })
    OperationRegion (BARS, PCI_Config, 0x10, 4)
    Field (BARS, DWordAcc, NoLock, Preserve) { BAR0, 32 }
    Name (LAST, 0)  // Timer () of the last account, 100 ns
    Name (REST, 0)  // microjoules not yet a whole unit of 15625
    Method (ACCT, 0, Serialized) {
      Local0 = BAR0 & 0xFFFFFFF0
      OperationRegion (MCHB, SystemMemory, Local0 + 0x5930, 0x10)
      Field (MCHB, DWordAcc, NoLock, Preserve) { INFL, 32, INFH, 32, UNIT, 32, ENER, 32 }
      Local1 = Timer & 0xFFFFFFFF
      If (UNIT != 0x000A0603) { UNIT = 0x000A0603  INFL = 0  INFH = 0  ENER = 1  LAST = Local1 }
      Local2 = (Local1 - LAST) & 0xFFFFFFFF
      Local2 = Local2 / 10000
      LAST = (LAST + Local2 * 10000) & 0xFFFFFFFF
      Local3 = \_SB.PMTR._PMM () * Local2 + REST
      Local4 = Local3 / 15625
      REST = Local3 - Local4 * 15625
      ENER += Local4
    }
  }
  Scope (\_SB) {
    ThermalZone (TZEN) {
      Name (_TZP, 1)
      Name (_CRT, 3730)
      Method (_TMP) { \_SB.PCI0.S80.ACCT ()  Return (3010) }
    }
  }
}
