/*
 * Prints docs/abi.md. The tables are not parsed but compiled in: this program includes calls.h and
 * lets the preprocessor turn each line of it into a line of Markdown, so that the page cannot say
 * anything that the hypervisor was not built with.
 */
#include <stdio.h>

#include "xen-like/abi/calls.h"
#include "xen-like/abi/layouts32.h"

static const char head[] =
    "# The calls of the ABI\n"
    "\n"
    "Generated from `xen-like/abi/calls.h` and `subops.h` by `make docs`; `make check` fails when "
    "it\n"
    "is out of date. Numbers, structures and errors are those of Xen's public headers (Debian's\n"
    "`libxen-dev`, interface version 0x%x), which are the reference for what each call means.\n"
    "\n"
    "A 64-bit guest passes the number in RAX and up to five words in RDI, RSI, RDX, R10 and R8, "
    "by\n"
    "`syscall` or through its hypercall page, and finds the answer in RAX: 0 or more, or minus an\n"
    "errno of `errno.h`. Only a guest's kernel may call. **any**: every domain may; **control**: "
    "only\n"
    "the control domain, others are answered -EPERM. What is **absent** is answered -ENOSYS, as "
    "is\n"
    "every number that is not in the table.\n"
    "\n"
    "| number | call | who | words | state | file in `hypercalls/` | what it does |\n"
    "|---|---|---|---|---|---|---|\n";

/* How calls.h's words are shown. */
#define STATE_IMPLEMENTED "implemented"
#define STATE_ABSENT      "absent"
#define WHO_ANY           "any"
#define WHO_CONTROL       "control"
#define WAY_IN            "in"
#define WAY_OUT           "out"
#define WAY_INOUT         "in, out"
#define WAY_NONE          "none"

#define PRINT_CALL(number, name, who, arity, state, family, sentence)                              \
    printf("| %d | `%s` | %s | %d | %s | `%s` | %s |\n", number, #name, WHO_##who, arity,          \
           STATE_##state, family, sentence);

#define PRINT_SUBOP(number, who, argument, direction, state, sentence)                             \
    printf("| %d | `%s` | %s | %s | %s | %s | %s |\n", number, #number, WHO_##who,                 \
           show_type(#argument), WAY_##direction, STATE_##state, sentence);

#define PRINT_FAMILY(family, call)                                                                 \
    printf("\n### %s\n\n"                                                                          \
           "| number | operation | who | argument | copied | state | what it does |\n"             \
           "|---|---|---|---|---|---|---|\n",                                                      \
           #call);                                                                                 \
    XL_SUBOPS_##family(PRINT_SUBOP)

static const char *show_type(const char *type)
{
    static char shown[80];

    if (type[0] == 'v' && type[4] == '\0')
        return "none";
    snprintf(shown, sizeof(shown), "`%s`", type);
    return shown;
}

static const char head32[] =
    "\n## 32-bit guests\n\n"
    "A 32-bit guest passes the number in EAX and its words in EBX, ECX, EDX, ESI and EDI, by\n"
    "`int $0x82` or through its hypercall page, and finds the answer in EAX. A word of 64 bits "
    "comes "
    "in\n"
    "two registers, the lower half first: those of `set_timer_op`, `update_descriptor` (both) and "
    "the\n"
    "entry of `update_va_mapping` and of `update_va_mapping_otherdomain`. `set_callbacks` takes a\n"
    "selector before each address, and `callback_op` both in its structure; `set_segment_base`, "
    "and\n"
    "`memory_op`'s `XENMEM_claim_pages`, are answered -ENOSYS; `mmuext_op`'s "
    "`MMUEXT_NEW_USER_BASEPTR`,\n"
    "-EINVAL.\n\n"
    "The lists of `multicall` have the same fields as words of 32 bits. These\n"
    "structures have another layout (`xen-like/abi/layouts32.h`), all others the same in both "
    "widths.\n"
    "What comes in is zero-extended. What goes out and does not fit is -ERANGE, and not "
    "written.\n\n"
    "| structure | bytes | with 32 bits | fields that are smaller then |\n"
    "|---|---|---|---|\n";

/* layouts32.inc, of which each structure becomes a row. */
#define SIZE32(type, bytes)
#define LAYOUT32(name, bytes)                                                                      \
    printf("| `struct %s` | %zu | %d | ", #name, sizeof(struct name), bytes);
#define FIELD32(name, field, at, bytes)                                                            \
    if (sizeof(((struct name *)0)->field) != (bytes))                                              \
        printf("`%s` ", #field);
#define LAYOUT32_END printf("|\n");

static void print_layouts32(void)
{
    printf("%s", head32);
#include "layouts32.inc"
}

#define COUNT_IMPLEMENTED                                             1
#define COUNT_ABSENT                                                  0
#define COUNT_ALL(number, name, who, arity, state, family, sentence)  +1
#define COUNT_DONE(number, name, who, arity, state, family, sentence) +COUNT_##state

int main(void)
{
    printf(head, __XEN_INTERFACE_VERSION__);
    XL_CALLS(PRINT_CALL)
    printf("\n%d of %d calls are implemented.\n", 0 XL_CALLS(COUNT_DONE), 0 XL_CALLS(COUNT_ALL));
    printf("\n## Sub-operations\n"
           "\"Argument\" is what the call's pointer leads to, \"copied\" in which direction, seen "
           "from\n"
           "the hypervisor. Operations that Xen's headers show only to its own tools are not "
           "listed.\n");
    XL_SUBOP_FAMILIES(PRINT_FAMILY)
    print_layouts32();
    return 0;
}
