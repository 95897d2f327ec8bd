/* The probes in ring 0 of a machine that nobody virtualizes, or rather: that an emulator does so
 * well that it makes no difference. Prints on the serial line, which GRUB has set up, and switches
 * the machine off. */
#include "tests/guests/sensitive/sensitive.h"

#define COM1           0x3f8
#define COM1_STATUS    0x3fd
#define COM1_EMPTY     0x20
#define POWER_CONTROL  0x604 /* of the PIIX4, where SeaBIOS puts it; and */
#define POWER_OFF      0x2000
#define GATE_INTERRUPT 0x8e00u
#define STUB_BYTES     16
#define VECTORS        (VECTOR_OWN + 1)

extern const char own_gdt[], stubs[];
extern u32 own_idt[];
unsigned long native_try(const char *code, unsigned *vector);
void native_main(void);

static inline void outb(u16 port, u8 value)
{
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline u8 inb(u16 port)
{
    u8 value;

    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void print(const char *text)
{
    for (; *text; text++) {
        while (!(inb(COM1_STATUS) & COM1_EMPTY))
            ;
        outb(COM1, (u8)*text);
    }
}

void probe_row(const char *ring, const char *probe, const char *text)
{
    print("ROW ");
    print(ring);
    print(".");
    print(probe);
    print(" = ");
    print(text);
    print("\r\n");
}

static struct outcome run(const char *code)
{
    struct outcome o = {.vector = NOTHING_RAISED};

    o.value = native_try(code, &o.vector);
    return o;
}

/* Gates of 8 bytes, or of 16. */
static void gates_make(void)
{
    const unsigned words = sizeof(long) / 2;

    for (unsigned i = 0; i < VECTORS; i++) {
        unsigned long stub = (unsigned long)stubs + i * STUB_BYTES;

        own_idt[i * words] = (u32)(stub & 0xffff) | OWN_CODE << 16;
        own_idt[i * words + 1] = (u32)(stub & 0xffff0000) | GATE_INTERRUPT;
    }
}

void native_main(void)
{
    const struct ring ring = {
        .name = "native", .gdt = (unsigned long)own_gdt, .idt = (unsigned long)own_idt};

    gates_make();
    probes_run(&ring, run);
    print("END sensitive\r\n");
    asm volatile("outw %w0, %w1" : : "a"(POWER_OFF), "Nd"(POWER_CONTROL));
}
