using System.Text.Json;

namespace Llama4.Gateway.Requests.Fields;

/// <summary>
/// The field table: every field that OpenAI, vLLM or llama-server take and that has a meaning here, and what becomes of it. docs/api.md and
/// the OpenAPI document show it, tests send every row of it. A field that is not in it is ignored, as vLLM does.
/// </summary>
internal static class ApiFields
{
    public static IReadOnlyList<ApiField> All { get; } =
    [
        .. ((ApiField[])
        [
            .. PromptApiFields.All, .. SamplingApiFields.All, .. LengthApiFields.All, .. AnswerApiFields.All, .. ToolApiFields.All,
            .. BookkeepingApiFields.All,
        ]).Select(AlsoInResponses),
        .. ResponsesApiFields.All, .. TokenizeApiFields.All,
    ];

    /// <summary>Fields that /v1/responses hands to chat as they are.</summary>
    public static IReadOnlyList<string> ChatFieldsOfResponses { get; } =
        [.. Of(FieldPlaces.Chat).Where(field => field.Places.HasFlag(FieldPlaces.Responses) && field.Use == FieldUse.Supported).Select(field => field.Name)];

    /// <summary>The rows of one endpoint.</summary>
    public static IEnumerable<ApiField> Of(FieldPlaces place) => All.Where(field => field.Places.HasFlag(place));

    /// <summary>What would change the answer and cannot be done must not be passed over in silence.</summary>
    /// <exception cref="ApiError">One of the place's refused fields is there and asks for something.</exception>
    public static void Refuse(RequestFields fields, FieldPlaces place)
    {
        foreach (var field in Refused[place])
        {
            if (fields.Find(field.Name) is { } value && !field.IsNeutral(value))
            {
                throw ApiError.NotSupported($"'{field.Name}' is not supported: {field.Remark}.", field.Name);
            }
        }
    }

    // A response is made of a chat's answer: what chat reads has its meaning there too, unless a row of its own says otherwise.
    private static ApiField AlsoInResponses(ApiField field) =>
        field.Places.HasFlag(FieldPlaces.Chat) && ResponsesApiFields.All.All(own => own.Name != field.Name)
            ? field with { Places = field.Places | FieldPlaces.Responses }
            : field;

    private static readonly Dictionary<FieldPlaces, ApiField[]> Refused = Enum.GetValues<FieldPlaces>()
        .ToDictionary(place => place, place => Of(place).Where(field => field.Use == FieldUse.Refused).ToArray());
}
