#include "Floor.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { key_length = 32, tag_length = 16 };

struct floor_envelope {
    uint8_t master[key_length], salt[32], commitment[32], wrapped[key_length + tag_length];
    uint8_t *context, *sealed, *plaintext;
    size_t context_length, plaintext_length;
};

static const uint8_t zero_nonce[12];
static const uint8_t personal[16] = "KeyVault/1/wrap";

static void hash(
    const floor_envelope *envelope, const uint8_t *head, const uint8_t *tail, size_t tail_length, uint8_t *output,
    size_t length) {
    crypto_generichash_blake2b_state state;
    crypto_generichash_blake2b_init_salt_personal(&state, envelope->master, key_length, length, NULL, personal);
    crypto_generichash_blake2b_update(&state, head, key_length);
    crypto_generichash_blake2b_update(&state, envelope->context, envelope->context_length);
    if (tail_length) crypto_generichash_blake2b_update(&state, tail, tail_length);
    crypto_generichash_blake2b_final(&state, output, length);
}

static void derive(const floor_envelope *envelope, uint8_t derived[64]) {
    hash(envelope, envelope->salt, NULL, 0, derived, 64);
}

floor_envelope *floor_envelope_create(size_t context_length, size_t plaintext_length) {
    if (sodium_init() < 0) return NULL;
    floor_envelope *envelope = calloc(1, sizeof *envelope);
    if (!envelope) return NULL;
    envelope->context_length = context_length;
    envelope->plaintext_length = plaintext_length;
    envelope->context = calloc(1, context_length);
    envelope->plaintext = calloc(1, plaintext_length);
    envelope->sealed = calloc(1, plaintext_length + tag_length);
    if (!envelope->context || !envelope->plaintext || !envelope->sealed) {
        floor_envelope_destroy(envelope);
        return NULL;
    }
    randombytes_buf(envelope->master, sizeof envelope->master);
    floor_envelope_seal(envelope);
    return envelope;
}

int floor_envelope_seal(floor_envelope *envelope) {
    uint8_t random[32], derived[64], data_key[key_length];
    randombytes_buf(random, sizeof random);
    hash(envelope, random, envelope->plaintext, envelope->plaintext_length, data_key, sizeof data_key);
    hash(envelope, data_key, NULL, 0, envelope->salt, sizeof envelope->salt);
    derive(envelope, derived);
    memcpy(envelope->commitment, derived + key_length, 32);
    crypto_aead_aes256gcm_encrypt(
        envelope->wrapped, NULL, data_key, key_length, envelope->context, envelope->context_length, NULL, zero_nonce,
        derived);
    return crypto_aead_aes256gcm_encrypt(
        envelope->sealed, NULL, envelope->plaintext, envelope->plaintext_length, envelope->context,
        envelope->context_length, NULL, zero_nonce, data_key);
}

int floor_envelope_open(floor_envelope *envelope) {
    uint8_t derived[64], data_key[key_length];
    derive(envelope, derived);
    if (sodium_memcmp(derived + key_length, envelope->commitment, 32)) return -1;
    if (crypto_aead_aes256gcm_decrypt(
            data_key, NULL, NULL, envelope->wrapped, sizeof envelope->wrapped, envelope->context,
            envelope->context_length, zero_nonce, derived))
        return -1;
    return crypto_aead_aes256gcm_decrypt(
        envelope->plaintext, NULL, NULL, envelope->sealed, envelope->plaintext_length + tag_length, envelope->context,
        envelope->context_length, zero_nonce, data_key);
}

void floor_envelope_destroy(floor_envelope *envelope) {
    free(envelope->context);
    free(envelope->plaintext);
    free(envelope->sealed);
    free(envelope);
}
