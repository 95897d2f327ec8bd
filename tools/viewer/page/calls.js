/*
 * The arguments of hypercalls by name, and a hypercall record taken apart. The names are those of the
 * public headers' comments where these have any; the number of them is the arity of abi/calls.h (the
 * browser test compares them).
 */
const CALL_ARGUMENTS = {
    set_trap_table: "table", mmu_update: "requests count done domain", set_gdt: "frames entries",
    stack_switch: "ss esp", set_callbacks: "event failsafe syscall", fpu_taskswitch: "set",
    sched_op_compat: "cmd arg", platform_op: "op", set_debugreg: "register value", get_debugreg: "register",
    update_descriptor: "address descriptor", memory_op: "cmd arg", multicall: "list count",
    update_va_mapping: "va value flags", set_timer_op: "until", event_channel_op_compat: "op",
    xen_version: "cmd arg", console_io: "cmd count buffer", physdev_op_compat: "op",
    grant_table_op: "cmd list count", vm_assist: "cmd type",
    update_va_mapping_otherdomain: "va value flags domain", iret: "", vcpu_op: "cmd vcpu arg",
    set_segment_base: "which base", mmuext_op: "list count done domain", xsm_op: "op", nmi_op: "cmd arg",
    sched_op: "cmd arg", callback_op: "cmd arg", xenoprof_op: "cmd arg", event_channel_op: "cmd arg",
    physdev_op: "cmd arg", hvm_op: "cmd arg", sysctl: "op", domctl: "op", kexec_op: "cmd arg", tmem_op: "list",
    argo_op: "cmd arg1 arg2 arg3 arg4", xenpmu_op: "cmd arg", dm_op: "domain count buffers",
    hypfs_op: "cmd path path_length buffer buffer_length", mca: "op", paging_domctl_cont: "op",
    xl_intercept: "cmd arg", intercept: "cmd arg",
};

/* Of arguments by these names, a number is read better in decimal. */
const DECIMAL = new Set(["count", "entries", "vcpu", "domain", "register", "set", "which", "path_length", "buffer_length"]);
const DOMID_SELF = 0x7ff0n;

function call_name(number) {
    const call = store.abi.calls[number];
    return call ? call.name : "hypercall " + number;
}

function argument_names(number) {
    const names = CALL_ARGUMENTS[call_name(number)];
    return names ? names.split(" ") : [];
}

/*
 * The first word of a hypercall record has its number in bits 0-19, and two bits for each of six
 * arguments from bit 20 on: 1, it follows in 32 bits; 2, in 64 (TRC_PV_HYPERCALL_V2 of <xen/trace.h>).
 */
function call_decode(i) {
    const first = store.first[i], end = store.first[i + 1];
    const op = first < end ? store.words[first] : 0;
    const number = op & 0xfffff, names = argument_names(number), values = [];
    for (let a = 0, at = first + 1; a < 6; a++) {
        const width = (op >>> (20 + 2 * a)) & 3;
        if ((width !== 1 && width !== 2) || at + width > end)
            continue;
        const high = width === 2 ? BigInt(store.words[at + 1]) << 32n : 0n;
        values.push({index: a, name: names[a] || "a" + (a + 1), value: high | BigInt(store.words[at])});
        at += width;
    }
    const call = store.abi.calls[number];
    const cmd = values.find((one) => one.name === "cmd");
    const sub = call && call.subs && cmd ? call.subs[Number(cmd.value)] : undefined;
    return {number, name: call_name(number), says: call ? call.says : "", values, sub};
}

function argument_text({name, value}, sub) {
    if (name === "cmd" && sub)
        return sub.name;
    if (name === "domain" && value === DOMID_SELF)
        return "itself";
    if (name === "arg" && sub && sub.argument !== "void" && value > 0xffffn)
        return `${hex(value)} (${sub.argument.replace(/^struct /, "")})`;
    return DECIMAL.has(name) ? value.toString() : hex(value);
}

/* event_channel_op(cmd = EVTCHNOP_send, arg = 0x...): one line. */
function call_text(i) {
    const {name, values, sub} = call_decode(i);
    return `${name}(${values.map((one) => `${one.name} = ${argument_text(one, sub)}`).join(", ")})`;
}

/* What a call is about in a word or two: for the slice on the timeline. */
function call_short(i) {
    const {name, sub} = call_decode(i);
    return sub ? sub.name.replace(/^(XL_[A-Z]+_|[A-Z]+OP_|XEN[A-Z]*_)/, "") : name;
}

/* A hypercall's answer: an errno if it is one, else the number. */
function result_text(value) {
    const number = BigInt.asIntN(64, value);
    return number < 0n && number > -4096n ? errno_name(number) : number > 9n ? `${number} (${hex(number)})` : number.toString();
}

/* The record with the result of this call, and the other way round; -1 if it has none. */
function call_result(i) {
    const k = arrows_out(i).find((one) => store.arrows.kind[one] === ARROW.CALL);
    return k === undefined ? -1 : store.arrows.to[k];
}

function result_call(i) {
    const k = arrows_in(i).find((one) => store.arrows.kind[one] === ARROW.CALL);
    return k === undefined ? -1 : store.arrows.from[k];
}
