extension Int {
    /// `1 key`, `2 keys`.
    var keys: String { self == 1 ? "1 key" : "\(self) keys" }
}
