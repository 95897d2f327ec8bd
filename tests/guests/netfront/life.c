/*
 * The vif's states against a store in the same kernel (tests/guests/fake_store.h), whose backend is
 * the mirror: connected, taken down, gone without a word and back, lying, removed.
 */
#include "tests/guests/netfront/life.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/network/address.h"
#include "guest-kernel/network/ping.h"
#include "guest-kernel/network/vif.h"
#include "guest-kernel/sched/thread.h"
#include "guest-kernel/time/clock.h"
#include "tests/guests/fake_store.h"
#include "tests/guests/netfront/mirror.h"

#define FRONT FAKE_HOME "device/vif/0"
#define BACK  "/local/domain/0/backend/vif/0/0"

static struct vif vif;
static struct mirror mirror;
static ip4_addr_t other;

static void backend_is(enum xenbus_state state)
{
    char value[8];

    fmt_snprintf(value, sizeof(value), "%u", (u32)state);
    fake_set(BACK "/state", value);
}

/* The state that the vif has come to; what should come does. */
static s64 state_comes(enum xenbus_state state)
{
    u64 end = time_now_ns() + LONG;
    char want[8], value[FAKE_PATH];

    fmt_snprintf(want, sizeof(want), "%u", (u32)state);
    while (strcmp(fake_get(FRONT "/state", value), want) && time_now_ns() < end)
        thread_sleep(NS_PER_MILLISECOND);
    return (s64)xenstore_read_number("device/vif/0/state", 0);
}

static bool answered(u64 span)
{
    u64 took;

    return ping(&other, 100, span, &took);
}

static void directories_make(bool two_ports)
{
    fake_set(FRONT "/backend", BACK);
    fake_set(FRONT "/backend-id", "0");
    fake_set(FRONT "/mac", "00:16:3e:0A:b0:02");
    fake_set(FRONT "/state", "1");
    fake_set(BACK "/feature-rx-copy", "1");
    fake_set(BACK "/feature-split-event-channels", two_ports ? "1" : "0");
    backend_is(XenbusStateInitialising);
}

static bool key_is(const char *key, u32 number)
{
    char path[64];

    fmt_snprintf(path, sizeof(path), "device/vif/0/%s", key);
    return xenstore_read_number(path, ~0ull) == number;
}

/* As a backend does: InitWait, and when the vif is ready, Connected. */
static void backend_connects(const char *row_state, const char *row_ping)
{
    backend_is(XenbusStateInitWait);
    row_want(row_state, state_comes(XenbusStateConnected), XenbusStateConnected);
    mirror_connect(&mirror, &vif.front);
    backend_is(XenbusStateConnected);
    row_want(row_ping, vif_wait(&vif, true, LONG) && answered(LONG), true);
}

static void say_first(void)
{
    struct address address;

    row("life.start-without-vif", vif_start(&vif, 0));
    directories_make(false);
    fake_set(FRONT "/mac", "00:16:3e:0a:b0:0");
    row("life.start-without-mac", vif_start(&vif, 0));
    fake_set(FRONT "/mac", "00:16:3e:0A:b0:02");
    row_want("life.start", vif_start(&vif, 0), 0);
    row_want("life.mac", vif.front.netif.hwaddr[3] == 0x0a && vif.front.netif.hwaddr[4] == 0xb0,
             true);
    address_parse("10.8.0.1/24", &address);
    address_set(&vif.front.netif, &address);
    ip4addr_aton("10.8.0.77", &other);
    row_want("life.up-too-early", vif_wait(&vif, true, NS_PER_MILLISECOND), false);
    backend_connects("life.connected", "life.answered");
    row_want("life.keys",
             key_is("tx-ring-ref", vif.front.tx_ref) && key_is("rx-ring-ref", vif.front.rx_ref) &&
                 key_is("event-channel", vif.front.port_tx) && key_is("request-rx-copy", 1) &&
                 key_is("feature-rx-notify", 1) && key_is("feature-no-csum-offload", 0),
             true);
    row_want("life.leaves-checksums", vif.front.checksum_offload, true);
}

/* The backend says that it closes, and comes again with other features. */
static void say_restart(void)
{
    backend_is(XenbusStateClosing);
    row_want("restart.closed", state_comes(XenbusStateClosed), XenbusStateClosed);
    row_want("restart.link-down", vif_wait(&vif, false, LONG), true);
    mirror_disconnect(&mirror);
    row_want("restart.answered-by-nobody", answered(NS_PER_MILLISECOND), false);
    fake_set(BACK "/feature-split-event-channels", "1");
    fake_set(BACK "/feature-no-csum-offload", "1");
    backend_connects("restart.connected", "restart.answered");
    row_want("restart.two-ports",
             vif.front.port_rx != vif.front.port_tx &&
                 key_is("event-channel-tx", vif.front.port_tx) &&
                 key_is("event-channel-rx", vif.front.port_rx),
             true);
    row_want("restart.computes-checksums", vif.front.checksum_offload, false);
}

/* It ended without a word; its successor begins at InitWait. */
static void say_death(void)
{
    u64 connections = vif.front.counters.connections;

    mirror_disconnect(&mirror);
    fake_set(FRONT "/state", "-"); /* or the old Connected might be taken for the new one */
    backend_is(XenbusStateInitWait);
    row_want("death.link-down", vif_wait(&vif, false, LONG), true);
    row_want("death.connected", state_comes(XenbusStateConnected), XenbusStateConnected);
    mirror_connect(&mirror, &vif.front);
    backend_is(XenbusStateConnected);
    row_want("death.answered", vif_wait(&vif, true, LONG) && answered(LONG), true);
    row_want("death.connections", (s64)(vif.front.counters.connections - connections), 1);
}

static void say_liar(void)
{
    mirror.lie = LIE_RX_OUTSIDE;
    row_want("liar.answered", answered(100 * NS_PER_MILLISECOND), false);
    row_want("liar.closing", state_comes(XenbusStateClosing), XenbusStateClosing);
    row_text("liar.failure", vif.front.failure ? vif.front.failure : "none");
    mirror_disconnect(&mirror);
    backend_is(XenbusStateClosing);
    row_want("liar.closed", state_comes(XenbusStateClosed), XenbusStateClosed);
    backend_is(XenbusStateClosed);
    backend_connects("liar.connected-anew", "liar.answered-then");
}

/* No rx-copy: a backend of twenty years ago. And at the end the device is taken out. */
static void say_end(void)
{
    char value[FAKE_PATH];

    backend_is(XenbusStateClosing);
    row_want("old.closed", state_comes(XenbusStateClosed), XenbusStateClosed);
    mirror_disconnect(&mirror);
    fake_set(BACK "/feature-rx-copy", "0");
    fake_set(FRONT "/state", "-");
    backend_is(XenbusStateInitWait);
    row_want("old.refused", state_comes(XenbusStateClosed), XenbusStateClosed);
    row_want("old.error", vif.error, -XEN_ENODEV);
    fake_set(BACK "/feature-rx-copy", "1");
    backend_connects("end.connected", "end.answered");
    fake_remove(FRONT);
    fake_remove(BACK);
    row_want("end.link-down", vif_wait(&vif, false, LONG), true);
    mirror_disconnect(&mirror);
    row_want("end.wrote-nothing", *fake_get(FRONT "/state", value), 0);
    row_want("end.pages-held", (s64)vif.front.counters.pages_held, 0);
}

void say_life(void)
{
    fake_store_start();
    row_want("life.store", xenstore_init(), 0);
    say_first();
    say_restart();
    say_death();
    say_liar();
    say_end();
}
