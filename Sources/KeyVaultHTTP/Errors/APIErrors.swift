import HTTPTypes
public import Hummingbird

/// Answers in the API's form where nothing is at a path: where no route is, and where another's route throws a 404.
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
