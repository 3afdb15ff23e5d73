/// The version byte that every structure carries (SPEC.md section 8).
package enum FormatVersion {
    package static let current: UInt8 = 1
}
