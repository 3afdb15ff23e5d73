/// What one check of `doctor` found.
struct Finding: Encodable {
    enum Result: String, Encodable {
        case ok, warning, problem
    }

    let check: String
    let result: Result
    let detail: String
}
