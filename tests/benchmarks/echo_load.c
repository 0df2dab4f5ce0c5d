/* The clients of an echo server: each sends a message, waits until it is back, and sends the next.
 *
 *     echo_load PORT CLIENTS BYTES WARM_MS MEASURE_MS SERVER_PID
 *
 * Prints, as JSON, what was measured once every client had been served (or 5 seconds had passed):
 * messages in a second, the server's seconds of processor for 100,000 messages, how long a message
 * took (median and 99 of 100, in microseconds), and how many clients were served at all.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 5000000000ull
#define ROUND 1024
#define SAMPLES (1 << 21)

struct client {
    int fd, sent, received, served;
    uint64_t began;
};

static int poller, size;
static char *message, incoming[1 << 18];
static uint32_t *samples;
static size_t sampled;

static uint64_t now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void expect(struct client *client, int how, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = client};
    if (epoll_ctl(poller, how, client->fd, &event)) fail("epoll_ctl");
}

/* Send what is left of the message; where there is no room, the poller will tell. */
static void send_on(struct client *client) {
    int blocked = client->sent > 0;
    while (client->sent < size) {
        ssize_t n = send(client->fd, message + client->sent, size - client->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            expect(client, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            return;
        }
        if (n < 0) fail("send");
        client->sent += n;
    }
    if (blocked) expect(client, EPOLL_CTL_MOD, EPOLLIN);
}

static void start(struct client *client) {
    client->sent = client->received = 0;
    client->began = now(CLOCK_MONOTONIC);
    send_on(client);
}

/* Receive; 1 if the message is back. */
static int receive(struct client *client) {
    ssize_t n = recv(client->fd, incoming, sizeof incoming, 0);
    if (n < 0 && errno == EAGAIN) return 0;
    if (n <= 0) fail("recv");
    client->received += n;
    return client->received >= size;
}

static void open_client(struct client *client, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    client->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (client->fd < 0) fail("socket");
    if (connect(client->fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(client->fd, F_SETFL, O_NONBLOCK);
    expect(client, EPOLL_CTL_ADD, EPOLLIN);
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static double quantile(double part) {
    return sampled ? samples[(size_t)(part * (sampled - 1))] / 1e3 : 0;
}

int main(int argc, char **argv) {
    if (argc != 7) return 2;
    int port = atoi(argv[1]), count = atoi(argv[2]), served = 0;
    uint64_t warm = atoi(argv[4]) * 1000000ull, measure = atoi(argv[5]) * 1000000ull;
    clockid_t processor;
    if (clock_getcpuclockid(atoi(argv[6]), &processor)) return 2;
    size = atoi(argv[3]);
    message = calloc(1, size);
    samples = malloc(SAMPLES * sizeof *samples);
    struct client *clients = calloc(count, sizeof *clients);
    poller = epoll_create1(0);
    for (int i = 0; i < count; i++) open_client(&clients[i], port);

    uint64_t opened = now(CLOCK_MONOTONIC), began = 0, spent = 0, messages = 0, t = opened;
    for (int i = 0; i < count; i++) start(&clients[i]);
    while (!began || t < began + measure) {
        struct epoll_event events[ROUND];
        int n = epoll_wait(poller, events, ROUND, 100);
        t = now(CLOCK_MONOTONIC);
        if (!began && t >= opened + warm && (served == count || t >= opened + PATIENCE)) {
            began = t;
            spent = now(processor);
            messages = sampled = 0;
        }
        for (int i = 0; i < n; i++) {
            struct client *client = events[i].data.ptr;
            if (events[i].events & EPOLLOUT) send_on(client);
            if (!(events[i].events & ~EPOLLOUT) || !receive(client)) continue;
            served += !client->served;
            client->served = 1;
            messages++;
            uint64_t took = now(CLOCK_MONOTONIC) - client->began;
            if (sampled < SAMPLES) samples[sampled++] = took < UINT32_MAX ? took : UINT32_MAX;
            start(client);
        }
    }
    double seconds = (t - began) / 1e9, work = (now(processor) - spent) / 1e9;
    qsort(samples, sampled, sizeof *samples, ascending);
    printf("{\"messages/s\": %.0f, \"cpu\": %.4f, \"busy\": %.3f, \"median\": %.1f, "
           "\"p99\": %.1f, \"served\": %d}\n",
           messages / seconds, messages ? work / messages * 1e5 : 0, work / seconds,
           quantile(0.5), quantile(0.99), served);
    return 0;
}
