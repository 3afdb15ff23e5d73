import Tracing

/// Runs `body` in a span where somebody records spans: one that nobody records would cost two microseconds all the same.
func traced<Result>(
    _ name: String, ofKind kind: SpanKind, _ body: ((any Span)?) async throws -> Result
) async rethrows -> Result {
    if InstrumentationSystem.instrument is NoOpInstrument { return try await body(nil) }
    return try await withSpan(name, ofKind: kind) { try await body($0) }
}
