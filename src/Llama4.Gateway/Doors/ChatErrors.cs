using Llama4.Contracts;
using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Doors;

/// <summary>A refusal as clients without HTTP get it.</summary>
internal static class ChatErrors
{
    public static ChatError Of(ApiError error) => new(error.Status, error.Type, error.Message, error.Param, error.Code, error.RetryAfterSeconds);
}
