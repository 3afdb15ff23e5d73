#include "Floor.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct floor_database {
    sqlite3 *handle;
    sqlite3_stmt *select, *upsert, *update, *list, *remove;
};

static const char schema[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA mmap_size = 0;"
    "PRAGMA cell_size_check = ON;"
    "CREATE TABLE IF NOT EXISTS records (tenant TEXT NOT NULL, provider TEXT NOT NULL, label TEXT NOT NULL,"
    " revision INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (tenant, provider, label, revision))"
    " STRICT, WITHOUT ROWID";

floor_database *floor_database_open(const char *path) {
    floor_database *database = calloc(1, sizeof *database);
    if (!database) return NULL;
    if (sqlite3_open_v2(
            path, &database->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL)
            || sqlite3_exec(database->handle, schema, NULL, NULL, NULL)
            || sqlite3_prepare_v3(
                database->handle,
                "SELECT revision, sealed FROM records WHERE tenant = ?1 AND provider = ?2 AND label = ?3"
                " ORDER BY revision DESC LIMIT 1",
                -1, SQLITE_PREPARE_PERSISTENT, &database->select, NULL)
            || sqlite3_prepare_v3(
                database->handle,
                "INSERT INTO records (tenant, provider, label, revision, sealed) VALUES (?1, ?2, ?3, 1, ?4)"
                " ON CONFLICT DO UPDATE SET sealed = ?4",
                -1, SQLITE_PREPARE_PERSISTENT, &database->upsert, NULL)
            || sqlite3_prepare_v3(
                database->handle,
                "UPDATE records SET sealed = ?4 WHERE tenant = ?1 AND provider = ?2 AND label = ?3 AND revision = 1",
                -1, SQLITE_PREPARE_PERSISTENT, &database->update, NULL)
            || sqlite3_prepare_v3(
                database->handle,
                "SELECT tenant, provider, label, revision, sealed FROM records"
                " ORDER BY tenant, provider, label, revision LIMIT ?1",
                -1, SQLITE_PREPARE_PERSISTENT, &database->list, NULL)
            || sqlite3_prepare_v3(
                database->handle, "DELETE FROM records WHERE tenant = ?1 AND provider = ?2 AND label = ?3", -1,
                SQLITE_PREPARE_PERSISTENT, &database->remove, NULL)) {
        floor_database_close(database);
        return NULL;
    }
    return database;
}

static void bind_names(sqlite3_stmt *statement, const char *tenant, const char *provider, const char *label) {
    sqlite3_bind_text(statement, 1, tenant, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, provider, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, label, -1, SQLITE_STATIC);
}

int floor_database_read(
    floor_database *database, const char *tenant, const char *provider, const char *label, uint8_t *sealed,
    size_t capacity) {
    bind_names(database->select, tenant, provider, label);
    int length = -1;
    if (sqlite3_step(database->select) == SQLITE_ROW) {
        const void *blob = sqlite3_column_blob(database->select, 1);
        int found = sqlite3_column_bytes(database->select, 1);
        if (blob && (size_t)found <= capacity) {
            memcpy(sealed, blob, found);
            length = found;
        }
    }
    sqlite3_reset(database->select);
    return length;
}

int floor_database_list(floor_database *database, int limit, uint8_t *sealed, size_t capacity) {
    int rows = 0;
    sqlite3_bind_int(database->list, 1, limit);
    while (sqlite3_step(database->list) == SQLITE_ROW) {
        const void *blob = sqlite3_column_blob(database->list, 4);
        int length = sqlite3_column_bytes(database->list, 4);
        if (!blob || (size_t)length > capacity) break;
        memcpy(sealed, blob, length);
        rows++;
    }
    sqlite3_reset(database->list);
    return rows;
}

int floor_database_begin(floor_database *database) {
    return sqlite3_exec(database->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL) ? -1 : 0;
}

int floor_database_commit(floor_database *database) {
    return sqlite3_exec(database->handle, "COMMIT", NULL, NULL, NULL) ? -1 : 0;
}

int floor_database_delete(floor_database *database, const char *tenant, const char *provider, const char *label) {
    bind_names(database->remove, tenant, provider, label);
    int status = sqlite3_step(database->remove);
    sqlite3_reset(database->remove);
    return status == SQLITE_DONE ? 0 : -1;
}

static int write_row(
    sqlite3_stmt *statement, const char *tenant, const char *provider, const char *label, const uint8_t *sealed,
    size_t length) {
    bind_names(statement, tenant, provider, label);
    sqlite3_bind_blob(statement, 4, sealed, (int)length, SQLITE_STATIC);
    int status = sqlite3_step(statement);
    sqlite3_reset(statement);
    return status == SQLITE_DONE ? 0 : -1;
}

int floor_database_upsert(
    floor_database *database, const char *tenant, const char *provider, const char *label, const uint8_t *sealed,
    size_t length) {
    return write_row(database->upsert, tenant, provider, label, sealed, length);
}

int floor_database_update(
    floor_database *database, const char *tenant, const char *provider, const char *label, const uint8_t *sealed,
    size_t length) {
    if (write_row(database->update, tenant, provider, label, sealed, length)) return -1;
    return sqlite3_changes(database->handle) == 1 ? 0 : -1;
}

void floor_database_close(floor_database *database) {
    sqlite3_finalize(database->select);
    sqlite3_finalize(database->upsert);
    sqlite3_finalize(database->update);
    sqlite3_finalize(database->list);
    sqlite3_finalize(database->remove);
    sqlite3_close(database->handle);
    free(database);
}
