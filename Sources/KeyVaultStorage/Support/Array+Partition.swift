extension Array {
    /// The first index whose element fulfills `predicate`, or the end, in an array whose elements that do lie behind those that do not.
    ///
    /// As in Swift Algorithms; a binary search.
    func partitioningIndex<Failure: Error>(
        where predicate: (Element) throws(Failure) -> Bool
    ) throws(Failure) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if try predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
