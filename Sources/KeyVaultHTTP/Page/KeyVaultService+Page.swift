import HTTPTypes
public import Hummingbird
import NIOCore

extension KeyVaultService {
    /// Adds the page where people manage their keys, at `/`, and `openapi.yaml`.
    public func addPage(to router: some RouterMethods<some RequestContext>) {
        let page = String(decoding: PackageResources.index_html, as: UTF8.self)
            .replacing("{{brand}}", with: Self.escaped(configuration.brand))
        let files: [(path: String, type: String, bytes: [UInt8])] = [
            ("/", "text/html; charset=utf-8", Array(page.utf8)),
            ("/page.css", "text/css; charset=utf-8", PackageResources.page_css),
            ("/page.js", "text/javascript; charset=utf-8", PackageResources.page_js),
            ("/icon.svg", "image/svg+xml", PackageResources.icon_svg),
            ("/openapi.yaml", "application/yaml", PackageResources.openapi_yaml),
        ]
        for file in files {
            let body = ByteBuffer(bytes: file.bytes)
            let response = Response(
                status: .ok, headers: Self.headers(type: file.type), body: ResponseBody(byteBuffer: body))
            router.get(RouterPath(file.path)) { _, _ in response }
            router.on(RouterPath(file.path), method: .head) { _, _ in response.createHeadResponse() }
        }
    }

    /// Nothing from elsewhere, nothing inline, and in nobody's frame: a script that somehow got into the page could do nothing
    /// with the token that lies in its memory.
    private static func headers(type: String) -> HTTPFields {
        var headers: HTTPFields = [
            .contentType: type, .cacheControl: "no-cache", .xContentTypeOptions: "nosniff",
            .contentSecurityPolicy: "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                + "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
        ]
        headers[.frameOptions] = "DENY"
        headers[.referrerPolicy] = "no-referrer"
        return headers
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
    }
}
