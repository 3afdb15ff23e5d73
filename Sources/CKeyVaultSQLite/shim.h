#include <sqlite3.h>

// Swift calls no C function with variable arguments, and reads no macro that casts to a function pointer.

static inline int keyvault_sqlite3_configure(sqlite3 *database, int option, int value) {
    return sqlite3_db_config(database, option, value, (int *)0);
}

// The bytes are read until the parameter is bound anew, or the statement is reset and not stepped again.
static inline int keyvault_sqlite3_bind_borrowed_text(sqlite3_stmt *statement, int index, const void *bytes, int length) {
    return sqlite3_bind_text(statement, index, (const char *)bytes, length, SQLITE_STATIC);
}

static inline int keyvault_sqlite3_bind_borrowed_blob(sqlite3_stmt *statement, int index, const void *bytes, int length) {
    return sqlite3_bind_blob(statement, index, bytes, length, SQLITE_STATIC);
}

// The bytes are copied: they need not outlive the call.
static inline int keyvault_sqlite3_bind_text(sqlite3_stmt *statement, int index, const void *bytes, int length) {
    return sqlite3_bind_text(statement, index, (const char *)bytes, length, SQLITE_TRANSIENT);
}

static inline int keyvault_sqlite3_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, int length) {
    return sqlite3_bind_blob(statement, index, bytes, length, SQLITE_TRANSIENT);
}
