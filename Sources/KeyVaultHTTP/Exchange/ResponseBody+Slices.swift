import Hummingbird
import NIOCore

extension ResponseBody {
    private static let sliceLength = 64 * 1024

    /// In pieces, each of which is written when the one before has found room: a client that reads slowly, but reads, is not taken for
    /// one that does not.
    init(inSlices buffer: ByteBuffer) {
        guard buffer.readableBytes > Self.sliceLength else {
            self.init(byteBuffer: buffer)
            return
        }
        self.init(contentLength: buffer.readableBytes) { writer in
            var rest = buffer
            while rest.readableBytes > 0,
                let slice = rest.readSlice(length: min(Self.sliceLength, rest.readableBytes))
            {
                try await writer.write(slice)
            }
            try await writer.finish(nil)
        }
    }
}
