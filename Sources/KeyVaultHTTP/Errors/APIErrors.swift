import HTTPTypes
public import Hummingbird

/// Answers what no route answered, and what others' routes throw, in the API's form.
public struct APIErrors<Context: RequestContext>: RouterMiddleware {
    public init() {}

    public func handle(
        _ request: Request, context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            let response = APIError(.notFound, "not_found", "There is nothing at this path").response(
                requestID: RequestID.make())
            return request.method == .head ? response.createHeadResponse() : response
        }
    }
}
