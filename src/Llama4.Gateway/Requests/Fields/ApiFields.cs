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
        .. PromptApiFields.All, .. SamplingApiFields.All, .. LengthApiFields.All, .. AnswerApiFields.All, .. ToolApiFields.All,
        .. BookkeepingApiFields.All, .. ResponsesApiFields.All, .. TokenizeApiFields.All,
    ];

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

    private static readonly Dictionary<FieldPlaces, ApiField[]> Refused = Enum.GetValues<FieldPlaces>()
        .ToDictionary(place => place, place => Of(place).Where(field => field.Use == FieldUse.Refused).ToArray());
}
